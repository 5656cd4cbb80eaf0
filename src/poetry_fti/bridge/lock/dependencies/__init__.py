"""What locked packages and derived projects require."""
