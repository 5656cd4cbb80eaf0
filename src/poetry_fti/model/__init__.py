"""The data that the packages of poetry-fti exchange: stages, platforms and locked packages."""
