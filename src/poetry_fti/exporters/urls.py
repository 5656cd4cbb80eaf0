"""URLs as a generated file may hold them: without credentials."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

_USER_INFO: Final = re.compile(r"(?<=://)[^/?#]*@")
# How ssh itself, and many a hosting site, spell the address of a repository.
_SCP: Final = re.compile(r"(?P<host>(?:[^/:@]+@)?[^/:@]{2,}):(?!//)(?P<path>.+)")


def public_url(url: str) -> str:
    """Return a URL without user name and password."""
    return _USER_INFO.sub("", url)


def public_git_url(url: str) -> str:
    """Return a repository's URL without credentials; the user that ssh needs is none."""
    scp = _SCP.fullmatch(url)
    if scp:
        url = f"ssh://{scp['host']}/{scp['path'].removeprefix('/')}"
    if not re.match(r"(git\+)?ssh://", url):
        return public_url(url)
    return _USER_INFO.sub(lambda found: f"{found[0].partition(':')[0].rstrip('@')}@", url)


def untrusted_host(url: str) -> str | None:
    """Return the host (and port) of a URL that pip refuses unless it is told to trust it."""
    parts = urlsplit(public_url(url))
    if parts.scheme != "http" or _is_loopback(parts.hostname or ""):
        return None
    return parts.netloc


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
