"""Why stages contain a package, and what would add it."""
