"""Versions that satisfy rules: the stages that a rule binds, solved as one project."""
