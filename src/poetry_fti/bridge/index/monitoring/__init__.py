"""What package indexes answer: recorded, and named in errors."""
