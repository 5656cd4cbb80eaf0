"""Reading, checking and writing the lock of a stage."""
