"""Variants of a stage: parts of its targets, solved one by one and merged into one lock."""
