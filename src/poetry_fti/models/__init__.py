"""Kinds of model files: a module for each. They are read, never loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from poetry_fti.errors import FtiError
from poetry_fti.models.boosters import is_lightgbm, is_xgboost, read_lightgbm, read_xgboost
from poetry_fti.models.malformed import MalformedError
from poetry_fti.models.onnx import is_onnx, read_onnx
from poetry_fti.models.pickles.record import is_pickle, read_pickle
from poetry_fti.models.safetensors import is_safetensors, read_safetensors
from poetry_fti.models.skops import is_skops, read_skops
from poetry_fti.models.stream import open_regular
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BufferedReader
    from pathlib import Path

    from poetry_fti.model import ModelRecord

_HEAD: Final = 4096


class FileKind(NamedTuple):
    """A kind of model file: how its first 4 KiB are recognized, and how it is read."""

    matches: Callable[[bytes], bool]
    read: Callable[[BufferedReader, bytes], ModelRecord]


KINDS: Final = {
    "safetensors": FileKind(is_safetensors, read_safetensors),
    "skops": FileKind(is_skops, read_skops),
    "onnx": FileKind(is_onnx, read_onnx),
    "pickle": FileKind(is_pickle, read_pickle),
    "xgboost": FileKind(is_xgboost, read_xgboost),
    "lightgbm": FileKind(is_lightgbm, read_lightgbm),
}


def read_model(path: Path) -> ModelRecord:
    """Return what a model file records about its environment.

    Raises FtiError if the file cannot be read, is damaged or is of no kind in `KINDS`.
    """
    name = in_one_line(path.name)
    try:
        with open_regular(path) as file:
            head = file.read(_HEAD)
            kind = next((kind for kind in KINDS.values() if kind.matches(head)), None)
            if kind is not None:
                return kind.read(file, head)
    except MalformedError as error:
        raise FtiError(f"{name} cannot be read as a model: {error}.") from error
    except OSError as error:
        raise FtiError(f"{name} cannot be read: {error.strerror or error}.") from error
    raise FtiError(f"{name} cannot be read as a model: its content is of no known kind.")
