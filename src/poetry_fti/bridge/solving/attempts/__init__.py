"""Attempts to give stages other versions, with as little solving as possible."""

from __future__ import annotations


class UndecidedError(Exception):
    """Whether an exchange is possible takes more than a solve of some of the packages."""
