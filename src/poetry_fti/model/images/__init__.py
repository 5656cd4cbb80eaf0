"""The data of container images."""
