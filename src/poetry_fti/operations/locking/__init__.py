"""Locking stages: what is requested, what is solved and what is written."""
