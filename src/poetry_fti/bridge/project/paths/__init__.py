"""Path dependencies: what they require, read from their files without a build."""
