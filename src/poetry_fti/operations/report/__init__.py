"""Gathers what `poetry fti report` shows: from locks, Poetry's cache, exported files and git."""
