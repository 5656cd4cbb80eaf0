"""Registering stages with the services of platforms."""
