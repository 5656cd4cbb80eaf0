"""URLs without credentials, for generated files and messages."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import quote, urlsplit

_CREDENTIALS: Final = re.compile(r"(?P<scheme>[a-zA-Z0-9+.-]+)://(?P<user>[^/?#]*)@")
_CREDENTIALS_IN_TEXT: Final = re.compile(r"(?P<scheme>[a-zA-Z0-9+.-]+)://(?P<user>[^/?#\s\"']*)@")
# The scp-like form of a repository's address, `git@host:path`.
_SCP: Final = re.compile(r"(?P<host>(?:[^/:@]+@)?[^/:@]{2,}):(?!//)/?(?P<path>.+)")

# What is no part of a URL, and would end it in a shell, a list of options or a line of a file.
_UNUSUAL: Final = re.compile(r"[\x00-\x20\x7f-\xa0\"'<>\\^`{|}\s]")


def public_url(url: str) -> str:
    """Return a URL without user name and password; the user name of an ssh URL is kept."""
    return _CREDENTIALS.sub(_public, url)


def public_text(text: str) -> str:
    """Return a text with user names and passwords removed from its URLs, as by `public_url`."""
    return _CREDENTIALS_IN_TEXT.sub(_public, text)


def _public(found: re.Match[str]) -> str:
    name = found["user"].partition(":")[0] if found["scheme"].endswith("ssh") else ""
    return f"{found['scheme']}://{name}@" if name else f"{found['scheme']}://"


def public_git_url(url: str) -> str:
    """Return a git repository's URL without credentials; `git@host:path` becomes an ssh URL."""
    scp = _SCP.fullmatch(url)
    url = f"ssh://{scp['host']}/{scp['path']}" if scp else url
    return public_url(url).removeprefix("git+")


def quoted_url(url: str) -> str:
    """Return a URL as one word for files of lines: what no URL contains is percent-encoded."""
    return _UNUSUAL.sub(lambda found: quote(found[0], safe=""), url)


def untrusted_host(url: str) -> str | None:
    """Return the host and port that pip accepts with `--trusted-host` only, or None."""
    parts = urlsplit(public_url(url))
    if parts.scheme != "http" or _is_loopback(parts.hostname or ""):
        return None
    return parts.netloc


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
