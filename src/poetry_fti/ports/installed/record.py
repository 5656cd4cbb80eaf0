"""Compares the files of an installed package with the hashes that its RECORD lists."""

from __future__ import annotations

import csv
import hashlib
import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from poetry_fti.ports.installed.metadata import DamagedMetadataError
from poetry_fti.reading import LARGEST, open_regular, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

# Those that the specification of RECORD allows and that every Python has.
_ALGORITHMS: Final = frozenset({"sha256", "sha384", "sha512"})
_CHUNK: Final = 1 << 20
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of RECORD: a file with its hash and, unless it is empty, its size in bytes."""

    path: str
    algorithm: str
    digest: str
    size: str


def record_problems(metadata: Path, prefix: Path) -> Iterator[str]:
    """Yield what differs between the files of a package and its RECORD, which end a sentence.

    `metadata` is the package's `.dist-info` folder, `prefix` the environment's folder. Files that
    RECORD lists outside of `prefix` are not opened. Raises DamagedMetadataError for a RECORD that
    cannot be read.
    """
    modified, missing, outside = [], [], []
    for entry in _entries(metadata / "RECORD"):
        file = Path(os.path.normpath(metadata.parent / entry.path))
        if not file.is_relative_to(os.path.normpath(prefix)):
            outside.append(entry.path)
        elif not os.path.lexists(file):
            missing.append(entry.path)
        elif not _matches(file, entry):
            modified.append(entry.path)
    if modified:
        yield f"has been modified since it was installed: {_listed(modified)}"
    if missing:
        yield f"lacks files that were installed: {_listed(missing)}"
    if outside:
        yield f"lists files outside of the environment in RECORD: {_listed(outside)}"


def _entries(record: Path) -> Iterator[_Entry]:
    """Yield the lines of a RECORD that have a hash, without bytecode, which pip compiles again."""
    try:
        text = read_bytes(record, LARGEST).decode("utf-8")
        rows = list(csv.reader(StringIO(text)))
    except FileNotFoundError:
        raise DamagedMetadataError("has no RECORD") from None
    except (OSError, ValueError, csv.Error):
        raise DamagedMetadataError("has a RECORD that cannot be read") from None
    for row in rows:
        path, signature, size = (*row, "", "", "")[:3]
        algorithm, _, digest = signature.partition("=")
        is_bytecode = "__pycache__" in path.split("/")
        if path and "\0" not in path and algorithm in _ALGORITHMS and not is_bytecode:
            yield _Entry(path, algorithm, digest, size)


def _matches(file: Path, entry: _Entry) -> bool:
    try:
        with open_regular(file) as stream:
            # A file of another size, which may be huge, is not read.
            if entry.size and str(os.fstat(stream.fileno()).st_size) != entry.size:
                return False
            found = hashlib.new(entry.algorithm)
            while chunk := stream.read(_CHUNK):
                found.update(chunk)
    except OSError:
        return False
    return urlsafe_b64encode(found.digest()).decode().rstrip("=") == entry.digest.rstrip("=")


def _listed(paths: list[str]) -> str:
    named, rest = sorted(paths)[:_MOST_NAMED], len(paths) - _MOST_NAMED
    return f"{', '.join(named)} and {rest} more" if rest > 0 else ", ".join(named)
