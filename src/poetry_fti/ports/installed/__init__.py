"""Reads what is installed in environments and images, without starting anything in them."""
