"""Stages read from `[tool.fti]` and the dependency groups, with a list of all problems."""
