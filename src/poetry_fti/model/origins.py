"""Where a locked package comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class IndexOrigin:
    """A package index; the name None means Poetry's default index."""

    name: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class DirectoryOrigin:
    """A source tree on disk; `path` is relative to the project's root."""

    path: PurePosixPath
    editable: bool = False


@dataclass(frozen=True, slots=True)
class FileOrigin:
    """A wheel or archive on disk; `path` is relative to the project's root."""

    path: PurePosixPath
    subdirectory: str | None = None


@dataclass(frozen=True, slots=True)
class UrlOrigin:
    """A wheel or archive at a URL."""

    url: str
    subdirectory: str | None = None


@dataclass(frozen=True, slots=True)
class GitOrigin:
    """A commit of a git repository; `requested` is the branch, tag or revision that was named."""

    url: str
    commit: str
    requested: str | None = None
    subdirectory: str | None = None


Origin: TypeAlias = IndexOrigin | DirectoryOrigin | FileOrigin | UrlOrigin | GitOrigin
