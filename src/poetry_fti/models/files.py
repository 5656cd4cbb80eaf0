"""Kinds of model files: a module for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from poetry_fti.errors import FtiError
from poetry_fti.models.boosters import is_lightgbm, is_xgboost, read_lightgbm, read_xgboost
from poetry_fti.models.environments.conda import is_conda, read_conda
from poetry_fti.models.environments.requirements import is_requirements, read_requirements
from poetry_fti.models.malformed import MalformedError
from poetry_fti.models.onnx import is_onnx, read_onnx
from poetry_fti.models.pickles.record import is_pickle, read_pickle
from poetry_fti.models.safetensors import is_safetensors, read_safetensors
from poetry_fti.models.skops import is_skops, read_skops
from poetry_fti.models.stream import MIB, open_regular, read_text
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BufferedReader
    from pathlib import Path

    from poetry_fti.model.model_record import ModelRecord

_HEAD: Final = 4096
_LARGEST_TEXT: Final = 4 * MIB  # a thousand requirements with hashes have 1 MiB


class FileKind(NamedTuple):
    """A kind of model file: how its first 4 KiB are recognized, and how it is read."""

    matches: Callable[[bytes], bool]
    read: Callable[[BufferedReader, bytes], ModelRecord]


class TextKind(NamedTuple):
    """A kind of text file: how its first 4 KiB are recognized, and how its text is read."""

    matches: Callable[[str], bool]
    read: Callable[[str], ModelRecord]


KINDS: Final = {
    "safetensors": FileKind(is_safetensors, read_safetensors),
    "skops": FileKind(is_skops, read_skops),
    "onnx": FileKind(is_onnx, read_onnx),
    "pickle": FileKind(is_pickle, read_pickle),
    "xgboost": FileKind(is_xgboost, read_xgboost),
    "lightgbm": FileKind(is_lightgbm, read_lightgbm),
}
# Recognized last, since almost any text can be a requirement.
TEXT_KINDS: Final = {
    "conda": TextKind(is_conda, read_conda),
    "requirements": TextKind(is_requirements, read_requirements),
}


def read_file(path: Path) -> ModelRecord | None:
    """Return what a model file records, or None if it is of no kind in `KINDS` and `TEXT_KINDS`.

    Raises FtiError if it cannot be read or is damaged.
    """
    name = in_one_line(path.name)
    try:
        with open_regular(path) as file:
            return _read(file)
    except MalformedError as error:
        raise FtiError(f"{name} cannot be read as a model: {error}.") from error
    except OSError as error:
        raise FtiError(f"{name} cannot be read: {error.strerror or error}.") from error


def _read(file: BufferedReader) -> ModelRecord | None:
    head = file.read(_HEAD)
    for kind in KINDS.values():
        if kind.matches(head):
            return kind.read(file, head)
    if not head or b"\0" in head:
        return None
    text = head.decode("utf-8-sig", "replace")
    for text_kind in TEXT_KINDS.values():
        if text_kind.matches(text):
            return text_kind.read(read_text(file, _LARGEST_TEXT))
    return None
