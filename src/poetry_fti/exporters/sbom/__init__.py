"""The parts of a software bill of materials; only `cyclonedx` imports them, and only when used."""
