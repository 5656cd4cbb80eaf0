"""Parses the metadata of installed packages, which may be a stranger's."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from poetry_fti.model import InstalledFrom, InstalledPackage

if TYPE_CHECKING:
    from collections.abc import Callable

# Each kind of metadata has its own file for name and version. An egg-info may be that file itself.
METADATA: Final = {".dist-info": "METADATA", ".egg-info": "PKG-INFO"}
DIRECT_URL: Final = "direct_url.json"
LARGEST: Final = 16 << 20

_NAME: Final = re.compile(r"[A-Z0-9]([A-Z0-9._-]*[A-Z0-9])?", re.IGNORECASE)
_FIELD: Final = re.compile(rb"^(Name|Version):[ \t]*(.*?)[ \t]*\r?$", re.MULTILINE)
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
    )


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
    except (ValueError, AttributeError, TypeError, RecursionError):
        return None
    return InstalledFrom(
        commit=commit if _COMMIT.fullmatch(commit) else "",
        digests=frozenset(filter(_DIGEST.fullmatch, digests)),
        is_folder=is_folder,
    )
