"""Private names of Poetry and its libraries: listed, probed and accessed here only."""
