"""Commands that register stages with the services of platforms."""
