"""Files of skops: a ZIP archive of arrays, with a description of all objects as JSON."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

from poetry_fti.model.model_record import ModelRecord
from poetry_fti.models.distributions import distributions
from poetry_fti.models.json_objects import json_objects
from poetry_fti.models.malformed import MalformedError
from poetry_fti.models.pickles.unsafe_globals import is_unsafe
from poetry_fti.models.stream import LARGEST_TEXT, MIB, tail_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from io import BufferedReader

    from poetry_fti.models.json_objects import JsonObject

_SCHEMA: Final = "schema.json"
_KEYS: Final = ("__module__", "__class__", "content", "_skops_version")
_MOST_GLOBALS: Final = 10_000
# The last record of an archive, which a comment of 64 KiB can follow, and the two records before it
# in an archive of ZIP64.
_END: Final = b"PK\x05\x06"
_END_SIZE: Final = 22
_BEFORE: Final = 76
_LARGEST_DIRECTORY: Final = 4 * MIB  # of 60,000 arrays
# Other kinds of ZIP archives, by the end of the name of a file that they have.
_OTHER_KINDS: Final = {"/data.pkl": "PyTorch", "model.weights.h5": "Keras", ".npy": "numpy (.npz)"}
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def is_skops(head: bytes) -> bool:
    """Return whether a file that begins with `head` is a ZIP archive, as a file of skops is."""
    return head.startswith(b"PK\x03\x04")


def read_skops(file: BufferedReader, head: bytes) -> ModelRecord:  # noqa: ARG001 - the interface
    """Return the classes that a file of skops refers to, and the versions recorded in it."""
    found: set[tuple[str, str]] = set()
    versions: dict[str, str] = {}
    for each in json_objects(_schema(file), _KEYS):
        versions.update(_version(each))
        module, name = each.strings.get("__module__"), each.strings.get("__class__")
        if module and name:
            found.add((module, name))
        if len(found) > _MOST_GLOBALS:
            raise MalformedError(f"it refers to more than {_MOST_GLOBALS:,} names")
    packages = distributions([*(module for module, _ in found), "skops"])
    return ModelRecord(
        kind="skops",
        versions=versions,
        packages=tuple(each for each in packages if each not in versions),
        globals=tuple(sorted(".".join(each) for each in found)),
        unsafe=tuple(sorted(".".join(each) for each in found if is_unsafe(*each))),
    )


def _version(found: JsonObject) -> Iterator[tuple[str, str]]:
    """Yield the version of a distribution if this is one of the two objects that have one."""
    if found.depth == 0 and (version := found.strings.get("_skops_version")):
        yield "skops", version
    if found.key == "_sklearn_version" and (content := found.strings.get("content")):
        yield "scikit-learn", content.strip('"')  # a string as JSON


def _schema(file: BufferedReader) -> bytes:
    if _directory_size(file) > _LARGEST_DIRECTORY:
        raise MalformedError("its ZIP archive has more than 60,000 files")
    try:
        with zipfile.ZipFile(file) as archive:
            if _SCHEMA not in archive.namelist():
                raise MalformedError(_other_kind(archive.namelist()))
            if archive.getinfo(_SCHEMA).compress_type not in _METHODS:
                raise MalformedError("LZMA and BZIP2 compression are not supported in ZIP archives")
            with archive.open(_SCHEMA) as member:
                schema = member.read(LARGEST_TEXT + 1)
    except _ERRORS as error:
        raise MalformedError("its ZIP archive is damaged") from error
    if len(schema) > LARGEST_TEXT:
        raise MalformedError(f"its {_SCHEMA} has more than {LARGEST_TEXT // MIB} MiB")
    return schema


def _other_kind(names: Sequence[str]) -> str:
    """Return that an archive with these files is of another kind, which is not read."""
    for end, kind in _OTHER_KINDS.items():
        if any(name.endswith(end) for name in names):
            return f"files of {kind} are not supported"
    return f"it is a ZIP archive without {_SCHEMA}, which files of skops have"


_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,  # an unknown compression
    OSError,
    RuntimeError,  # encrypted
    ValueError,
)


def _directory_size(file: BufferedReader) -> int:
    """Return the size of an archive's list of files, which is read as a whole."""
    tail = tail_of(file, _BEFORE + _END_SIZE + (64 << 10))
    position = tail.rfind(_END)
    if position < 0 or len(tail) - position < _END_SIZE:
        raise MalformedError("its ZIP archive is truncated")
    size = int.from_bytes(tail[position + 12 : position + 16], "little")
    before = tail[max(0, position - _BEFORE) : position]
    is_zip64 = len(before) == _BEFORE and before.startswith(b"PK\x06\x06")
    return max(size, int.from_bytes(before[40:48], "little")) if is_zip64 else size
