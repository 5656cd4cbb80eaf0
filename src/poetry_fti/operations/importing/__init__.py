"""Importing files of other tools into stages."""
