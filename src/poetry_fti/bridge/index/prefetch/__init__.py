"""Prefetching, and waiting for what other processes are requesting."""
