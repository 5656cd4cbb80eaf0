"""Access to the outside world other than Poetry: container engines, build inputs, netrc files."""
