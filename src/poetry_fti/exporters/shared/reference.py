"""A locked package as requirements and constraints files name it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from poetry_fti.model import DirectoryOrigin, FileOrigin, GitOrigin, UrlOrigin
from poetry_fti.urls import public_git_url, public_url

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePosixPath

    from poetry_fti.model import LockedPackage


def reference(package: LockedPackage) -> str:
    """Return what pip and uv install the package from; paths are relative to the root."""
    origin, name = package.origin, package.name
    match origin:
        case DirectoryOrigin(path, editable):
            # pip ignores the marker of an editable path, and would install it everywhere.
            plain = _path(path)
            prefix = "-e " if editable and plain and package.marker is None else ""
            return prefix + (plain or _file_url(package, path, None))
        case FileOrigin(path, subdirectory):
            return (not subdirectory and _path(path)) or _file_url(package, path, subdirectory)
        case UrlOrigin(url, subdirectory):
            return f"{name} @ {public_url(url)}{_fragment(url, subdirectory)}"
        case GitOrigin(url, commit, _, subdirectory):
            repository = public_git_url(url)
            return f"{name} @ git+{repository}@{commit}{_fragment(url, subdirectory)}"
    return f"{name}=={package.version}"


def in_order(packages: Iterable[LockedPackage]) -> list[LockedPackage]:
    """Return packages in the order in which files list them."""
    return sorted(packages, key=lambda p: (p.name, p.version, str(p.marker), str(p.origin)))


def marked(text: str, package: LockedPackage) -> str:
    """Return a requirement with the package's marker."""
    return text if package.marker is None else f"{text} ; {package.marker}"


def _path(path: PurePosixPath) -> str:
    """Return a path as every pip reads it, nothing where it holds what would be misread."""
    text = str(path)
    if quote(text, safe="/+") != text:
        return ""
    return text if path.parts[:1] == ("..",) else f"./{text}"


def _file_url(package: LockedPackage, path: PurePosixPath, subdirectory: str | None) -> str:
    # pip < 26 refuses it, so it serves only where a path won't do.
    return f"{package.name} @ file:{quote(str(path), safe='/+')}{_fragment('', subdirectory)}"


def _fragment(url: str, subdirectory: str | None) -> str:
    if not subdirectory:
        return ""
    return f"{'&' if '#' in url else '#'}subdirectory={subdirectory}"
