"""The outside world other than Poetry: container engines, and what they read."""
