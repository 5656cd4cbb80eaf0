"""Completion scripts of shells: what the commands accept, and a module for each shell."""
