"""Adding stages to the text of a pyproject.toml, from presets."""
