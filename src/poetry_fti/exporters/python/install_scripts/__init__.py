"""The parts of the scripts that create a stage's environment."""
