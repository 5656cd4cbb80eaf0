"""The commands: one thin module each, named in `poetry_fti.plugin.COMMANDS`."""
