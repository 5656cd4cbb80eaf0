"""The error for a file that does not have the format that it seems to have."""

from __future__ import annotations


class MalformedError(Exception):
    """A model file is damaged, or exceeds a limit. The message is the reason, without a file."""
