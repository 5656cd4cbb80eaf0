"""The stages that are affected by the changes since a git revision."""
