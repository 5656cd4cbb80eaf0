"""Packages from source trees and git repositories: their requirements and what these need."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from poetry_fti.exporters.docker.context.location import in_context
from poetry_fti.exporters.docker.quoting import context_path
from poetry_fti.exporters.shared.reference import in_order, marked, reference
from poetry_fti.model.origins import DirectoryOrigin, GitOrigin
from poetry_fti.urls import public_git_url, public_url, quoted_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePosixPath

    from packaging.utils import NormalizedName

    from poetry_fti.model.lock import LockedPackage, LockedStage

_GIT_STAGE: Final = "sources"


def source_subsets(locked: LockedStage) -> Iterator[tuple[str, LockedStage]]:
    """Yield the build stages of packages without hashes: their names, and the stage reduced to one.

    The packages of git repositories have one build stage, and each source tree has its own: an edit
    in one leaves the layers of the others as they are. Trees come after those that they require.
    """
    packages = in_order(locked.packages)
    commits = tuple(each for each in packages if isinstance(each.origin, GitOrigin))
    if commits:
        yield _GIT_STAGE, replace(locked, packages=commits)
    from_trees = [each for each in packages if isinstance(each.origin, DirectoryOrigin)]
    by_name = {name: tuple(same) for name, same in groupby(from_trees, lambda each: each.name)}
    for name in sorted(by_name, key=lambda name: (len(_required(name, by_name)), name)):
        yield f"source-{name}", replace(locked, packages=by_name[name])


def _required(
    name: NormalizedName, trees: Mapping[NormalizedName, tuple[LockedPackage, ...]]
) -> set[NormalizedName]:
    """Return the source trees that a source tree requires, directly or through others."""
    found: set[NormalizedName] = set()
    todo = [name]
    while todo:
        for package in trees[todo.pop()]:
            new = {each.name for each in package.requires} & trees.keys() - found
            found |= new
            todo += new
    return found


def source_requirements(locked: LockedStage) -> Iterator[str]:
    """Yield the pip requirements of packages without hashes; source trees are below /build."""
    for package in in_order(locked.packages):
        if isinstance(package.origin, DirectoryOrigin):
            path = context_path(in_context(locked, package.origin.path))
            url = f"file:///build/{quote(path)}"
            yield marked(f"{package.name} @ {url}", package)
        elif isinstance(package.origin, GitOrigin):
            yield marked(reference(package), package)


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
