"""Environments of Hatch: `[tool.hatch.envs]` of a pyproject.toml, or hatch.toml."""
