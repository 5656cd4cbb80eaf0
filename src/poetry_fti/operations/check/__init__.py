"""Runs the checks of `poetry_fti.checks` on a project."""
