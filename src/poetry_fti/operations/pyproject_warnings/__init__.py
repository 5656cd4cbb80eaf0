"""Warnings about settings in pyproject.toml that do not have the effect that is meant."""
