"""Safetensors files: a length, a JSON header with optional metadata, and the tensors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from poetry_fti.model import ModelRecord
from poetry_fti.models.malformed import MalformedError
from poetry_fti.models.stamps import stamp_of
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
    try:
        header = json.loads(read_exactly(file, length))
    except (ValueError, RecursionError) as error:
        raise MalformedError("its header is not valid JSON") from error
    metadata = header.get("__metadata__") if isinstance(header, dict) else None
    return ModelRecord(
        kind="safetensors",
        packages=("safetensors",),
        stamp=stamp_of(metadata if isinstance(metadata, dict) else {}),
    )
