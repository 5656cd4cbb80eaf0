"""`[tool.fti]` and dependency groups to stages, collecting every problem with its path."""
