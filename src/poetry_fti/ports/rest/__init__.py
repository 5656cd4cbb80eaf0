"""Clients of platforms' REST services: their requests, their credentials and their errors."""
