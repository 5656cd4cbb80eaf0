"""Formats of orchestrators, which run the stages one after the other."""
