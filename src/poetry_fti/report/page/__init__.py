"""The files that a page is made of: its frame, its style, its script, and dagre, a library."""
