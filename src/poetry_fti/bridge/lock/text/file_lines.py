"""The files of packages in a lock, from the lines that Poetry writes for them."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from poetry_fti.bridge.lock.text.chunks import PackageText, lock_chunks
from poetry_fti.bridge.lock.text.package_text import REMEMBERED
from poetry_fti.model.lock import LockedFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName

LockedFiles: TypeAlias = "Mapping[tuple[NormalizedName, Version], tuple[LockedFile, ...]]"

_PACKAGE: Final = re.compile(r'name = "([^"\\]+)"\nversion = "([^"\\]+)"\n')
_FILE: Final = re.compile(r'^    \{file = "([^"\\]+)", hash = "([^"\\]+)"\},$', re.MULTILINE)


def locked_files(text: str) -> LockedFiles:
    """Return the files of each package and version in the text of a lock.

    This is much faster than parsing the lock. Packages that are written in another form than
    Poetry's are left out.
    """
    found: defaultdict[tuple[NormalizedName, Version], tuple[LockedFile, ...]]
    found = defaultdict(tuple)
    for chunk in lock_chunks(text):
        package = _PACKAGE.match(chunk.shared) if isinstance(chunk, PackageText) else None
        if package and (version := _version(package[2])):
            lines = package.string.partition("\nfiles = [\n")[2].partition("\n]\n")[0]
            # Of a version from two sources, each has an entry of its own.
            found[canonicalize_name(package[1]), version] += _files(lines)
    return found


# The locks of several stages have most packages in common.
@lru_cache(REMEMBERED)
def _files(lines: str) -> tuple[LockedFile, ...]:
    return tuple(LockedFile(name=name, digest=digest) for name, digest in _FILE.findall(lines))


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
