"""What several export formats have in common."""
