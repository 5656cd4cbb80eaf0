"""A project's stages as one HTML page that needs no server and no network. Pure."""
