"""The instructions of a Dockerfile, a module for each group of them."""
