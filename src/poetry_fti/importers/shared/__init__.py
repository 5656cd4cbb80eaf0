"""What several importers use: requirements as text, indexes, and versions."""
