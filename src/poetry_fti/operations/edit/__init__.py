"""Editing stages that exist, and the words that select them."""
