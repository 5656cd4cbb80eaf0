"""Credentials for a package index."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Login:
    """A user name and a password for a host; `repr` leaves the password out."""

    host: str
    user: str
    password: str = field(repr=False)
