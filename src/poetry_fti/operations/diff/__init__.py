"""Compares the locks of stages: with each other, and with those of an earlier revision."""
