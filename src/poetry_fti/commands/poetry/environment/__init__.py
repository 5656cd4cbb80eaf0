"""The environments of stages: what they are installed from, and how they are kept up to date."""
