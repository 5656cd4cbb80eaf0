"""Safetensors files: a length, a JSON header with optional metadata, and the tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.model.model_record import ModelRecord
from poetry_fti.models.json_objects import json_objects
from poetry_fti.models.malformed import MalformedError
from poetry_fti.models.stamps import KEYS, stamp_of
from poetry_fti.models.stream import read_exactly, size_of

if TYPE_CHECKING:
    from io import BufferedReader

_LENGTH: Final = 8  # bytes of the header's length


def is_safetensors(head: bytes) -> bool:
    """Return whether a file that begins with `head` is a safetensors file."""
    return head[_LENGTH : _LENGTH + 2] in {b'{"', b"{}"}


def read_safetensors(file: BufferedReader, head: bytes) -> ModelRecord:
    """Return the record of a safetensors file, which has a stamp at most."""
    length = int.from_bytes(head[:_LENGTH], "little")
    if length > size_of(file) - _LENGTH:
        raise MalformedError(f"its header claims {length} bytes, more than the file has")
    file.seek(_LENGTH)
    stamp = None
    for each in json_objects(read_exactly(file, length), KEYS):
        if each.depth == 1 and each.key == "__metadata__":
            stamp = stamp_of(each.strings)
    return ModelRecord(kind="safetensors", packages=("safetensors",), stamp=stamp)
