"""The virtual environments of stages: what they have been installed from, and their states."""
