"""requirements.txt and requirements.in, in the format that pip reads."""
