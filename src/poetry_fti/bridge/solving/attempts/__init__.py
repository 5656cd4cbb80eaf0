"""Attempts to give stages other versions, with as little solving as possible."""
