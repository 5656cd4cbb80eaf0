"""What platforms that run stages read."""
