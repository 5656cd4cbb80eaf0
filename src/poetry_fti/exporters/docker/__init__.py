"""The content of a stage's Dockerfile, of its build context and of its layers."""
