"""The requirements in a pyproject.toml: what is wrong with them, and markers with extras."""
