"""Projects of uv, Poetry, PDM and Hatch: what pyproject.toml declares, and what locks contain."""
