"""Lines that pip reads: options for package indexes, and requirements with their hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.exporters.shared.omissions import without_hashes
from poetry_fti.exporters.shared.reference import in_order, marked, reference
from poetry_fti.model.origins import DirectoryOrigin, GitOrigin
from poetry_fti.urls import public_url, quoted_url, untrusted_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from poetry_fti.model.lock import LockedPackage, LockedStage
    from poetry_fti.model.origins import IndexOrigin


def pip_lines(locked: LockedStage) -> list[str]:
    """Return the index options and requirements of a stage, each requirement on one line.

    Paths are relative to the project's root. Without packages there are no lines. Raises FtiError
    for a marker that pip cannot read.
    """
    lines = [" ".join(requirement_words(package)) for package in in_order(locked.packages)]
    return [*index_options(locked.indexes), *lines] if lines else []


def index_options(indexes: Sequence[IndexOrigin]) -> Iterator[str]:
    """Yield pip's options for indexes other than the default one, highest priority first."""
    others = [index for index in indexes if index.name is not None and index.url]
    for position, index in enumerate(others):
        first = position == 0 and len(others) == len(indexes)
        yield f"{'--index-url' if first else '--extra-index-url'} {_url(index)}"
    hosts = [untrusted_host(_url(index)) for index in others]
    yield from (f"--trusted-host {host}" for host in dict.fromkeys(hosts) if host)


def requirement_words(package: LockedPackage, digests: Iterable[str] = ()) -> list[str]:
    """Return the requirement of a package, followed by an option for each hash of its files.

    `digests` are further hashes. Raises FtiError for a marker that pip cannot read.
    """
    every = {*digests, *(file.digest for file in package.files)}
    return [marked(_reference(package), package), *sorted(f"--hash={digest}" for digest in every)]


def _reference(package: LockedPackage) -> str:
    """Return the requirement of a package, in a form that all versions of pip accept.

    pip < 24.1 rejects a name in front of a URL without a host, which that of a local repository is.
    """
    text = reference(package)
    url = text.removeprefix(f"{package.name} @ ")
    if not url.startswith("git+file:"):
        return text
    return f"{url}{'&' if '#' in url else '#'}egg={package.name}"


def is_tree(package: LockedPackage) -> bool:
    """Return whether a package is a source tree or a git repository, for which pip has no hash."""
    return isinstance(package.origin, DirectoryOrigin | GitOrigin)


def hashed_or_none(locked: LockedStage) -> LockedStage:
    """Return a stage without hashes if pip has none for one of its packages.

    In one file, pip requires hashes of all packages or of none.
    """
    return without_hashes(locked) if any(map(is_tree, locked.packages)) else locked


def _url(index: IndexOrigin) -> str:
    return quoted_url(public_url(index.url or ""))
