"""What Python's own tools read, and code of the stages."""
