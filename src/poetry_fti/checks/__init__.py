"""Checks of locked stages."""
