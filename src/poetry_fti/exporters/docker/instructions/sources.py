"""Packages from source trees and git repositories: their requirements and what these need."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from poetry_fti.exporters.docker.quoting import context_path
from poetry_fti.exporters.shared.reference import in_order, marked, reference
from poetry_fti.model import DirectoryOrigin, GitOrigin
from poetry_fti.urls import public_git_url, public_url, quoted_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from poetry_fti.model import LockedPackage, LockedStage


def source_requirements(locked: LockedStage) -> Iterator[str]:
    """Yield the pip requirements of packages without hashes; source trees are below /build."""
    for package in in_order(locked.packages):
        if isinstance(package.origin, DirectoryOrigin):
            url = f"file:///build/{quote(context_path(package.origin.path))}"
            yield marked(f"{package.name} @ {url}", package)
        elif isinstance(package.origin, GitOrigin):
            yield marked(reference(package), package)


def is_tree(package: LockedPackage) -> bool:
    """Return whether a package is a source tree or comes from a git repository."""
    return isinstance(package.origin, DirectoryOrigin | GitOrigin)


def trees(locked: LockedStage) -> list[PurePosixPath]:
    """Return the paths of the stage's source trees, relative to the project's root."""
    return sorted({p.origin.path for p in locked.packages if isinstance(p.origin, DirectoryOrigin)})


def uses_git(locked: LockedStage) -> bool:
    """Return whether the stage has packages from git repositories."""
    return any(isinstance(package.origin, GitOrigin) for package in locked.packages)


def uses_ssh(locked: LockedStage) -> bool:
    """Return whether the stage has packages from git repositories that are accessed by ssh."""
    origins = [package.origin for package in locked.packages]
    urls = [public_git_url(origin.url) for origin in origins if isinstance(origin, GitOrigin)]
    return any(url.removeprefix("git+").startswith("ssh:") for url in urls)


def has_sources(locked: LockedStage) -> bool:
    """Return whether the stage has packages from source trees or git repositories."""
    return uses_git(locked) or bool(trees(locked))


def trust(locked: LockedStage) -> str:
    """Return the prefix of a command that makes ssh accept unknown hosts; empty without ssh.

    This is safe, since packages are identified by the hash of their commit.
    """
    if not uses_ssh(locked):
        return ""
    return "GIT_SSH_COMMAND='ssh -o StrictHostKeyChecking=accept-new' "


def needs_credentials(locked: LockedStage) -> bool:
    """Return whether a source of packages may require credentials: git, or a named index."""
    return uses_git(locked) or any(index.name for index in locked.indexes)


def index_options(locked: LockedStage) -> Iterator[str]:
    """Yield the index options for build backends, if the stage does not use the default index."""
    if all(index.name for index in locked.indexes):
        urls = [quoted_url(public_url(index.url)) for index in locked.indexes if index.url]
        yield from (f"--index-url={url}" for url in urls[:1])
        yield from (f"--extra-index-url={url}" for url in urls[1:])
