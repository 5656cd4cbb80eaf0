"""Comparisons of locks as text, Markdown and JSON."""
