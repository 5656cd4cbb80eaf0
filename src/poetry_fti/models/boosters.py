"""Versions in the data of xgboost and lightgbm, in a file of its own or within a pickle."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from poetry_fti.model.model_record import ModelRecord
from poetry_fti.models.malformed import MalformedError
from poetry_fti.models.stream import tail_of

if TYPE_CHECKING:
    from io import BufferedReader

_TAIL: Final = 4096
_UBJ_START: Final = re.compile(rb"\{L\x00{6}.{2}[A-Za-z]", re.DOTALL)
_JSON_START: Final = re.compile(rb'\s*\{\s*"(?:learner|version|Config|Model)"')
# The integers of UBJSON: i and U have one byte, I two, l four and L eight.
_UBJ_INTEGER: Final = rb"(?:[iU].|I.{2}|l.{4}|L.{8})"
_UBJ_VERSION: Final = re.compile(
    rb"L\x00{7}\x07version\[#L\x00{7}\x03(%b)(%b)(%b)" % ((_UBJ_INTEGER,) * 3), re.DOTALL
)
_JSON_VERSION: Final = re.compile(
    rb'"version"\s*:\s*\[\s*(\d{1,5})\s*,\s*(\d{1,5})\s*,\s*(\d{1,5})\s*\]'
)
_LIGHTGBM: Final = re.compile(rb"tree\r?\nversion=(v\d{1,5})\r?\n")


def xgboost_version(data: bytes) -> str | None:
    """Return the version of xgboost that wrote the data of a booster, or None if it is none."""
    # The last one: names of features and attributes, which users choose, come before.
    if _UBJ_START.match(data) and (found := _UBJ_VERSION.findall(data)):
        return ".".join(str(int.from_bytes(part[1:], "big")) for part in found[-1])
    if _JSON_START.match(data) and (found := _JSON_VERSION.findall(data)):
        return ".".join(str(int(part)) for part in found[-1])
    return None


def lightgbm_format(data: bytes) -> str | None:
    """Return the format version in the text of a lightgbm model, such as `v4`, or None."""
    found = _LIGHTGBM.match(data)
    return found[1].decode("ascii") if found else None


def is_xgboost(head: bytes) -> bool:
    """Return whether a file that begins with `head` is JSON or UBJSON of xgboost."""
    return bool(_UBJ_START.match(head) or _JSON_START.match(head))


def is_lightgbm(head: bytes) -> bool:
    """Return whether a file that begins with `head` is a lightgbm model."""
    return head.startswith((b"tree\n", b"tree\r\n"))


def read_xgboost(file: BufferedReader, head: bytes) -> ModelRecord:
    """Return the record of a file that xgboost has saved."""
    # The version is the last key of a model; the trees before it may have any size.
    version = xgboost_version(head + tail_of(file, _TAIL))
    if version is None:
        raise MalformedError('it has no "version" at its end, where xgboost writes it')
    return ModelRecord(kind="xgboost", versions={"xgboost": version})


def read_lightgbm(file: BufferedReader, head: bytes) -> ModelRecord:  # noqa: ARG001 - the interface
    """Return the record of a text file that lightgbm has saved, which has only a format version."""
    version = lightgbm_format(head)
    if version is None:
        raise MalformedError('the line "version=…" is missing')
    return ModelRecord(kind="lightgbm", packages=("lightgbm",), formats={"lightgbm": version})
