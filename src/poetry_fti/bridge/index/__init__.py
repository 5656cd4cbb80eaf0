"""Packages from indexes: pages, metadata, caches, prefetching and logins."""
