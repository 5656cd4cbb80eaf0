"""Packages out of source trees and git commits: how an installer is asked for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit, urlunsplit

from poetry_fti.exporters.docker.quoting import context_path
from poetry_fti.model import DirectoryOrigin, GitOrigin, IndexOrigin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from poetry_fti.model import LockedPackage, LockedStage

_SCP: Final = re.compile(r"(?P<host>[^/:]+):(?!//)(?P<path>.+)")


def source_requirements(locked: LockedStage) -> list[str]:
    """Return the requirements that have no hash to be checked; trees lie below /build."""
    return [
        f"{package.name} @ {url}" + (f" ; {package.marker}" if package.marker else "")
        for package in locked.packages
        if (url := _source_url(package))
    ]


def trees(locked: LockedStage) -> list[PurePosixPath]:
    """Return the source trees among the packages."""
    return sorted({p.origin.path for p in locked.packages if isinstance(p.origin, DirectoryOrigin)})


def uses_git(locked: LockedStage) -> bool:
    """Tell whether packages come from git repositories."""
    return bool(_git_urls(locked))


def uses_ssh(locked: LockedStage) -> bool:
    """Tell whether a git repository is reached by ssh."""
    return any(url.startswith("ssh:") for url in _git_urls(locked))


def needs_credentials(locked: LockedStage) -> bool:
    """Tell whether packages come from where one may have to log in."""
    return uses_git(locked) or any(index.name for index in indexes(locked))


def indexes(locked: LockedStage) -> list[IndexOrigin]:
    """Return the indexes that packages come from, the default one first."""
    found = {p.origin for p in locked.packages if isinstance(p.origin, IndexOrigin)}
    return sorted(found, key=lambda index: (index.name or "", index.url or ""))


def index_options(locked: LockedStage) -> Iterator[str]:
    """Yield where build backends come from if no package comes from the default index."""
    used = indexes(locked)
    urls = [_without_password(index.url) for index in used if index.name and index.url]
    if len(urls) == len(used):
        options = ("--index-url", *["--extra-index-url"] * len(urls))
        yield from (f"{option}={url}" for option, url in zip(options, urls, strict=False))


def _source_url(package: LockedPackage) -> str | None:
    origin = package.origin
    if isinstance(origin, DirectoryOrigin):
        return f"file:///build/{quote(context_path(origin.path))}"
    if isinstance(origin, GitOrigin):
        fragment = f"#subdirectory={origin.subdirectory}" if origin.subdirectory else ""
        return f"git+{_git_url(origin.url)}@{origin.commit}{fragment}"
    return None


def _git_urls(locked: LockedStage) -> list[str]:
    return [_git_url(p.origin.url) for p in locked.packages if isinstance(p.origin, GitOrigin)]


def _git_url(url: str) -> str:
    match = _SCP.fullmatch(url)
    return f"ssh://{match['host']}/{match['path']}" if match else _without_password(url)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:  # the user of an ssh URL is no secret
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
