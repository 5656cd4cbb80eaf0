"""The parts of an export: what earlier ones have written, file details, the merged file."""
