"""URLs without credentials, for generated files and messages."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import quote, urlsplit

_CREDENTIALS: Final = re.compile(r"(?P<scheme>[a-zA-Z0-9+.-]+)://(?P<user>[^/?#]*)@")
_CREDENTIALS_IN_TEXT: Final = re.compile(r"(?P<scheme>[a-zA-Z0-9+.-]+)://(?P<user>[^/?#\s\"']*)@")
# The part of a query that grants access to what it is the query of: signatures of object stores and
# content delivery networks, and tokens.
_SECRET_VALUE: Final = re.compile(
    r"(?P<key>[?&;](?:x-(?:amz|goog|oss)-[a-z-]+|sig|signature|policy|key-pair-id"
    r"|[a-z0-9_-]*(?:token|secret|password|apikey|api[_-]key|access-?key(?:id)?|credential))=)"
    r"(?P<value>[^&;#\s\"'<>]*)",
    re.IGNORECASE,
)
# The scp-like form of a repository's address, `git@host:path`.
_SCP: Final = re.compile(r"(?P<host>(?:[^/:@]+@)?[^/:@]{2,}):(?!//)/?(?P<path>.+)")

# The host of PyPI, with names that it had or that lead to it.
_PYPI: Final = re.compile(r"(?:www\.)?pypi\.(?:python\.)?org")

# What is no part of a URL, and would end it in a shell, a list of options or a line of a file.
_UNUSUAL: Final = re.compile(r"[\x00-\x20\x7f-\xa0\"'<>\\^`{|}\s]")

_SSH_USER: Final = re.compile(r"(?:git\+)?ssh://[^/:@]*@")


def is_pypi(url: str) -> bool:
    """Return whether a URL is one of PyPI, where Poetry searches without being configured."""
    try:
        return _PYPI.fullmatch(urlsplit(url).hostname or "") is not None
    except ValueError:  # of an invalid host
        return False


def public_url(url: str) -> str:
    """Return a URL without user name and password; the user name of an ssh URL is kept."""
    return _CREDENTIALS.sub(_public, url)


def without_logins(text: str) -> str:
    """Return a text with user names and passwords removed from its URLs, as by `public_url`."""
    return _CREDENTIALS_IN_TEXT.sub(_public, text) if "://" in text else text


def public_text(text: str) -> str:
    """Return a message as it may be shown: neither logins nor signatures are in its URLs."""
    if "://" not in text:
        return text
    return _SECRET_VALUE.sub(r"\g<key>***", without_logins(text))


def has_login(url: str) -> bool:
    """Return whether a URL contains a password, or a user name that may be a token."""
    return public_url(url) != url and not _SSH_USER.match(url)


def secret_parameter(url: str) -> str | None:
    """Return the name of a parameter in a URL's query that grants access, such as a signature."""
    found = _SECRET_VALUE.search(url)
    return found["key"].strip("?&;=") if found else None


def plain_file_url(url: str) -> str:
    """Return the URL of a file in an index without login, and without a query that grants access.

    Such a query expires, so that it is of no use in a file.
    """
    url = public_url(url)
    return url.partition("?")[0] if secret_parameter(url) else url


def _public(found: re.Match[str]) -> str:
    name = found["user"].partition(":")[0] if found["scheme"].endswith("ssh") else ""
    return f"{found['scheme']}://{name}@" if name else f"{found['scheme']}://"


def public_git_url(url: str) -> str:
    """Return a git repository's URL without credentials; `git@host:path` becomes an ssh URL."""
    scp = _SCP.fullmatch(url)
    url = f"ssh://{scp['host']}/{scp['path']}" if scp else with_local_paths(url)
    return public_url(url).removeprefix("git+")


def with_local_paths(text: str) -> str:
    """Return text in which the URLs of local repositories have no host.

    Poetry writes `file://None/path` for `file:///path` in a direct reference.
    """
    return text.replace("file://None/", "file:///")


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
