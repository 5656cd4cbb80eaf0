"""New stages in the text of a pyproject.toml, and the presets that they start from."""
