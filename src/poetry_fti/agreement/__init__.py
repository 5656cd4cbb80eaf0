"""Which versions stages agree on, where they differ and why. Pure."""
