"""The parts of a Dockerfile and of what lies beside it."""
