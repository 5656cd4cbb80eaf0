"""pixi.toml and `[tool.pixi]`: features and environments of packages from conda and PyPI."""
