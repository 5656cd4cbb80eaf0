"""Solving the stages of a project with Poetry's solver, over metadata read once for all stages."""
