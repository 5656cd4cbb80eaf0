"""Locked packages as entries of a pylock.toml file (PEP 751)."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from packaging.pylock import (
    Package,
    PackageArchive,
    PackageDirectory,
    PackageSdist,
    PackageVcs,
    PackageWheel,
)
from packaging.specifiers import SpecifierSet
from packaging.utils import parse_sdist_filename, parse_wheel_filename

from poetry_fti.errors import FtiError
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin, GitOrigin, IndexOrigin, UrlOrigin
from poetry_fti.urls import plain_file_url, public_git_url, public_url

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedFile, LockedPackage, LockedStage


def require_files(locked: LockedStage) -> None:
    """Raise FtiError for a package that lacks files, hashes or URLs, which an entry needs."""
    for package in locked.packages:
        problem = _problem(package)
        if problem:
            raise FtiError(
                f"{package.name} {package.version} {problem}. Lock the stage again with"
                f" `poetry fti lock {locked.stage.name} --regenerate`."
            )


def _problem(package: LockedPackage) -> str | None:
    if isinstance(package.origin, DirectoryOrigin | GitOrigin):
        return None
    if not isinstance(package.origin, IndexOrigin):
        return None if package.files else "has no hash in the lock"
    files = _installable(package)
    lost = next((file.name for file in files if file.url is None), None)
    if lost:
        return f"is locked with {lost}, which the index no longer has"
    return None if files else "has no file in the lock that can be installed"


def entry(package: LockedPackage, folder: PurePosixPath) -> Package:
    """Return the entry of a package in the lock file of `folder`, a path below the project."""
    origin = package.origin
    return Package(
        name=package.name,
        # The version of a source tree may change without the lock being updated.
        version=None if isinstance(origin, DirectoryOrigin) else package.version,
        marker=package.marker,
        requires_python=SpecifierSet(package.requires_python) if package.requires_python else None,
        **_source(package, folder),
    )


def _source(package: LockedPackage, folder: PurePosixPath) -> dict[str, Any]:
    match package.origin:
        case DirectoryOrigin(path, editable):
            return {
                "directory": PackageDirectory(path=_from(folder, path), editable=editable or None)
            }
        case GitOrigin():
            return {"vcs": _vcs(package.origin)}
        case FileOrigin(path, subdirectory):
            return {"archive": _archive(package, subdirectory, path=_from(folder, path))}
        case UrlOrigin(url, subdirectory):
            return {"archive": _archive(package, subdirectory, url=public_url(url))}
    return _distributions(package, package.origin)


def _from(folder: PurePosixPath, path: PurePosixPath) -> str:
    pairs = zip(folder.parts, path.parts, strict=False)
    common = next((i for i, (mine, its) in enumerate(pairs) if mine != its), None)
    shared = min(len(folder.parts), len(path.parts)) if common is None else common
    return str(PurePosixPath(*[".."] * (len(folder.parts) - shared), *path.parts[shared:]))


def _vcs(origin: GitOrigin) -> PackageVcs:
    return PackageVcs(
        type="git",
        url=public_git_url(origin.url),
        requested_revision=origin.requested,
        commit_id=origin.commit,
        subdirectory=origin.subdirectory,
    )


def _archive(package: LockedPackage, subdirectory: str | None, **where: str) -> PackageArchive:
    facts = _facts(package.files[0])
    return PackageArchive(**{**facts, "url": None, **where}, subdirectory=subdirectory)


def _distributions(package: LockedPackage, origin: IndexOrigin) -> dict[str, Any]:
    files = _installable(package)
    sdists = [PackageSdist(name=file.name, **_facts(file)) for file in files if not file.is_wheel]
    wheels = [PackageWheel(name=file.name, **_facts(file)) for file in files if file.is_wheel]
    return {
        "index": public_url(origin.url) if origin.url else None,
        "sdist": next(iter(sdists), None),
        "wheels": wheels or None,
    }


def _installable(package: LockedPackage) -> list[LockedFile]:
    """Return the wheels, sorted, and one source distribution: PEP 751 allows no more."""
    named = (package.name, package.version)
    right = (file for file in package.files if _named(file) == named)
    files = sorted(right, key=lambda file: (file.name, file.digest))
    sdists = (file for file in files if not file.is_wheel)
    best = sorted(sdists, key=lambda file: not file.name.endswith(".tar.gz"))[:1]
    return [*best, *(file for file in files if file.is_wheel)]


def _named(file: LockedFile) -> tuple[object, object] | None:
    # Old releases have files with invalid names, which installers ignore.
    with suppress(ValueError):
        if file.is_wheel:
            return parse_wheel_filename(file.name)[:2]
        return parse_sdist_filename(file.name)
    return None


def _facts(file: LockedFile) -> dict[str, Any]:
    algorithm, _, value = file.digest.partition(":")
    return {
        "upload_time": _time(file.upload_time or ""),
        "url": None if file.url is None else plain_file_url(file.url),
        "size": file.size,
        "hashes": {algorithm: value},
    }


def _time(text: str) -> datetime | None:
    # Before Python 3.11 datetime parses neither "Z" nor fractions other than of 3 or 6 digits.
    text = re.sub(r"\.(\d{1,6})\d*", lambda found: f".{found[1]:0<6}", text).replace("Z", "+00:00")
    with suppress(ValueError):
        time = datetime.fromisoformat(text)
        return time.astimezone(timezone.utc) if time.tzinfo else time.replace(tzinfo=timezone.utc)
    return None
