"""Packages out of source trees and git commits: how an installer is asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from poetry_fti.exporters.docker.quoting import context_path
from poetry_fti.exporters.shared.reference import in_order, marked, reference
from poetry_fti.model import DirectoryOrigin, GitOrigin
from poetry_fti.urls import public_git_url, public_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from poetry_fti.model import LockedStage


def source_requirements(locked: LockedStage) -> Iterator[str]:
    """Yield the requirements that have no hash to be checked; trees lie below /build."""
    for package in in_order(locked.packages):
        if isinstance(package.origin, DirectoryOrigin):
            url = f"file:///build/{quote(context_path(package.origin.path))}"
            yield marked(f"{package.name} @ {url}", package)
        elif isinstance(package.origin, GitOrigin):
            yield marked(reference(package), package)


def trees(locked: LockedStage) -> list[PurePosixPath]:
    """Return the source trees among the packages."""
    return sorted({p.origin.path for p in locked.packages if isinstance(p.origin, DirectoryOrigin)})


def uses_git(locked: LockedStage) -> bool:
    """Tell whether packages come from git repositories."""
    return any(isinstance(package.origin, GitOrigin) for package in locked.packages)


def uses_ssh(locked: LockedStage) -> bool:
    """Tell whether a git repository is reached by ssh."""
    origins = [package.origin for package in locked.packages]
    urls = [public_git_url(origin.url) for origin in origins if isinstance(origin, GitOrigin)]
    return any(url.removeprefix("git+").startswith("ssh:") for url in urls)


def has_sources(locked: LockedStage) -> bool:
    """Tell whether packages come from source trees or git repositories."""
    return uses_git(locked) or bool(trees(locked))


def trust(locked: LockedStage) -> str:
    """Return what lets ssh meet a host for the first time; commits are checked, so no harm is."""
    if not uses_ssh(locked):
        return ""
    return "GIT_SSH_COMMAND='ssh -o StrictHostKeyChecking=accept-new' "


def needs_credentials(locked: LockedStage) -> bool:
    """Tell whether packages come from where one may have to log in."""
    return uses_git(locked) or any(index.name for index in locked.indexes)


def index_options(locked: LockedStage) -> Iterator[str]:
    """Yield where build backends come from if the stage never asks the default index."""
    if all(index.name for index in locked.indexes):
        urls = [public_url(index.url) for index in locked.indexes if index.url]
        yield from (f"--index-url={url}" for url in urls[:1])
        yield from (f"--extra-index-url={url}" for url in urls[1:])
