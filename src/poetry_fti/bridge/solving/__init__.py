"""Solving stages with Poetry's own solver, over metadata that is read once for all of them."""
