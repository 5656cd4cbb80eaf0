"""Packages out of indexes: pages, metadata, caches, prefetching and logins."""
