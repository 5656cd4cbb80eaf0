"""The text of locks: written as Poetry writes it, from parts that locks have in common."""
