"""The keys of `image`, in `[tool.fti]` and in a stage."""
