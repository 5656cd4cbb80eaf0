"""Parses the metadata of installed packages, which may be a stranger's."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from poetry_fti.model.installed import InstalledFrom, InstalledPackage
from poetry_fti.urls import public_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from packaging.utils import NormalizedName

# Each kind of metadata has its own file for name and version. An egg-info may be that file itself.
METADATA: Final = {".dist-info": "METADATA", ".egg-info": "PKG-INFO"}
DIRECT_URL: Final = "direct_url.json"
LARGEST: Final = 16 << 20

_NAME: Final = re.compile(r"[A-Z0-9]([A-Z0-9._-]*[A-Z0-9])?", re.IGNORECASE)
_FIELD: Final = re.compile(rb"^(Name|Version):[ \t]*(.*?)[ \t]*\r?$", re.MULTILINE)
_REQUIRES: Final = re.compile(rb"^Requires-Dist:[ \t]*(.*?)[ \t]*\r?$", re.MULTILINE)
_START: Final = re.compile(r"[A-Z0-9][A-Z0-9._-]*", re.IGNORECASE | re.ASCII)
_EXTRA: Final = re.compile(r"\bextra\b")
# An empty file that pip and uv add to what the user has named.
_REQUESTED: Final = "REQUESTED"
_DIGEST: Final = re.compile(r"[a-z0-9]+:[0-9a-f]+")
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")


class DamagedMetadataError(Exception):
    """The metadata of a package cannot be read; the message completes "METADATA …"."""


def metadata_file(name: str) -> str:
    """Return the name of the file with name and version for metadata of this name, or empty."""
    # An interrupted pip leaves folders whose names begin with "~", which all tools ignore.
    is_left = name.startswith(("~", "."))
    found = (file for suffix, file in METADATA.items() if name.endswith(suffix))
    return "" if is_left else next(found, "")


def parse_package(name: str, read: Callable[[str], bytes | None]) -> InstalledPackage:
    """Return the package with the metadata `name`.

    `read` returns the content of a file in the metadata, None if there is no such file. Raises
    DamagedMetadataError.
    """
    file = metadata_file(name)
    text = read(file)
    if text is None:
        raise DamagedMetadataError(f"has no {file}")
    head = re.split(rb"\r?\n\r?\n", text, maxsplit=1)[0]
    fields = {key.decode(): value.decode(errors="replace") for key, value in _FIELD.findall(head)}
    if not _NAME.fullmatch(fields.get("Name", "")):
        raise DamagedMetadataError(f"has no valid name in {file}")
    try:
        version = Version(fields.get("Version", ""))
    except InvalidVersion:
        raise DamagedMetadataError(f"has no valid version in {file}") from None
    return InstalledPackage(
        name=canonicalize_name(fields["Name"]),
        version=version,
        metadata=name,
        source=_source(read(DIRECT_URL)),
        requires=frozenset(_required(head)),
        is_requested=read(_REQUESTED) is not None,
    )


def _required(head: bytes) -> Iterator[NormalizedName]:
    """Yield the packages that metadata requires without extras; invalid lines are left out."""
    for line in _REQUIRES.findall(head):
        requirement, _, marker = line.decode(errors="replace").partition(";")
        name = _START.match(requirement)
        if name and not _EXTRA.search(marker):
            yield canonicalize_name(name[0])


def _source(text: bytes | None) -> InstalledFrom | None:
    """Return what `direct_url.json` records; None if it is missing or not valid."""
    if text is None:
        return None
    try:
        data = json.loads(text)
        commit = str(data.get("vcs_info", {}).get("commit_id", ""))
        archive = data.get("archive_info", {})
        hashes = archive.get("hashes") or {}
        digests = {f"{kind}:{value}" for kind, value in hashes.items()}
        digests.add(str(archive.get("hash", "")).replace("=", ":", 1))
        is_folder = "dir_info" in data
        vcs = data.get("vcs_info", {}).get("vcs")
        url = str(data.get("url", ""))
        url = f"{vcs}+{url}" if vcs and url else url
    except (ValueError, AttributeError, TypeError, RecursionError):
        return None
    return InstalledFrom(
        commit=commit if _COMMIT.fullmatch(commit) else "",
        digests=frozenset(filter(_DIGEST.fullmatch, digests)),
        is_folder=is_folder,
        url=public_url(url),
    )
