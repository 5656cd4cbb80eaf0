"""Configurations of CI systems."""
