"""Locked packages as pip requirements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from poetry_fti.errors import FtiError
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin, GitOrigin, UrlOrigin
from poetry_fti.urls import public_git_url, public_url, quoted_url
from poetry_fti.wording import in_quotes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePosixPath

    from poetry_fti.model.lock import LockedPackage

# What pip reads as a comment, as options or as a variable, wherever it is in a line.
_PIP_SYNTAX: Final = re.compile(r"\s[#-]|\$\{")


def reference(package: LockedPackage) -> str:
    """Return the pip requirement of a package, without marker; paths are relative to the root."""
    origin, name = package.origin, package.name
    match origin:
        case DirectoryOrigin(path, editable):
            # pip ignores the marker of an editable path, and would install it everywhere.
            tree = _path(path) or _spaced_path(package, path)
            prefix = "-e " if editable and tree and package.marker is None else ""
            return prefix + (tree or _file_url(package, path, None))
        case FileOrigin(path, subdirectory):
            return (not subdirectory and _path(path)) or _file_url(package, path, subdirectory)
        case UrlOrigin(url, subdirectory):
            return f"{name} @ {quoted_url(public_url(url))}{_fragment(url, subdirectory)}"
        case GitOrigin(url, commit, _, subdirectory):
            repository = quoted_url(public_git_url(url))
            return (
                f"{name} @ git+{repository}@{quote(commit, safe='')}{_fragment(url, subdirectory)}"
            )
    return f"{name}=={package.version}"


def in_order(packages: Iterable[LockedPackage]) -> list[LockedPackage]:
    """Return packages in the order of generated files: by name, version, marker and origin."""
    return sorted(packages, key=lambda p: (p.name, p.version, str(p.marker), str(p.origin)))


def marked(text: str, package: LockedPackage) -> str:
    """Return a requirement with the marker of its package appended, if there is one.

    Raises FtiError for a marker that requirements files cannot contain.
    """
    if package.marker is None:
        return text
    marker = str(package.marker)
    if not marker.isprintable() or _PIP_SYNTAX.search(marker):
        raise FtiError(
            f"The marker of {package.name} {package.version} cannot be written to a requirements"
            f" file: {in_quotes(marker)}. Export the stage as pylock instead."
        )
    return f"{text} ; {marker}"


def _path(path: PurePosixPath) -> str:
    """Return a path that pip reads as such; an empty string if it has special characters."""
    text = str(path)
    if quote(text, safe="/+") != text:
        return ""
    return text if path.parts[:1] == ("..",) else f"./{text}"


def _spaced_path(package: LockedPackage, path: PurePosixPath) -> str:
    """Return a folder with spaces as a URL that uv and all versions of pip accept.

    It is an empty string if the path has other special characters, which uv would decode twice.
    """
    url = quote(str(path), safe="/+")
    return f"file:{url}#egg={package.name}" if url == str(path).replace(" ", "%20") else ""


def _file_url(package: LockedPackage, path: PurePosixPath, subdirectory: str | None) -> str:
    # pip < 26 rejects a name in front of a relative file URL, and uv needs it here.
    return f"{package.name} @ file:{quote(str(path), safe='/+')}{_fragment('', subdirectory)}"


def _fragment(url: str, subdirectory: str | None) -> str:
    if not subdirectory:
        return ""
    return f"{'&' if '#' in url else '#'}subdirectory={quote(subdirectory, safe='/+')}"
