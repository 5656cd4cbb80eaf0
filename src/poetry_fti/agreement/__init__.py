"""Choosing versions that stages have in common, and comparing stages. Without I/O."""
