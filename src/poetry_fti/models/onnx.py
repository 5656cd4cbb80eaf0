"""ONNX models: a message of Protocol Buffers."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Final

from poetry_fti.model.model_record import ModelRecord
from poetry_fti.models.malformed import MalformedError
from poetry_fti.models.protobuf import fields
from poetry_fti.models.stamps import stamp_of

if TYPE_CHECKING:
    from io import BufferedReader

_MOST_ENTRIES: Final = 10_000
_DEFAULT_DOMAIN: Final = "ai.onnx"
# The version of the format, and the tag of the field that follows.
_START: Final = re.compile(rb"\x08[\x01-\x7f][\x12\x1a\x22\x28\x32\x3a\x42\x72]")


def is_onnx(head: bytes) -> bool:
    """Return whether a file that begins with `head` may be an ONNX model."""
    return bool(_START.match(head))


def read_onnx(file: BufferedReader, head: bytes) -> ModelRecord:  # noqa: ARG001 - the interface
    """Return the record of an ONNX model: operator sets, version of the format, producer, stamp."""
    file.seek(0)
    ir_version, producer, opsets, properties = 0, ["", ""], dict[str, int](), dict[str, str]()
    for number, value in fields(file):
        match number, value:  # of the message ModelProto
            case 1, int():
                ir_version = value
            case ((2 | 3), bytes()):
                producer[number - 2] = _text(value)
            case 8, bytes():
                entry = _entry(value)
                opsets[_text(entry.get(1)) or _DEFAULT_DOMAIN] = _number(entry.get(2))
            case 14, bytes():
                entry = _entry(value)
                properties[_text(entry.get(1))] = _text(entry.get(2))
        if len(opsets) + len(properties) > _MOST_ENTRIES:
            raise MalformedError(f"it has more than {_MOST_ENTRIES:,} properties")
    if not opsets:
        raise MalformedError("it imports no operator set, as every ONNX model does")
    return ModelRecord(
        kind="onnx",
        producer=" ".join(producer).strip() or None,
        ir_version=ir_version,
        opsets=dict(sorted(opsets.items())),
        stamp=stamp_of(properties),
    )


def _entry(message: bytes) -> dict[int, int | bytes]:
    return dict(fields(BytesIO(message)))


def _number(value: int | bytes | None) -> int:
    return value if isinstance(value, int) else 0


def _text(value: int | bytes | None) -> str:
    try:
        return value.decode() if isinstance(value, bytes) else ""
    except UnicodeDecodeError as error:
        raise MalformedError("a text in it is not valid UTF-8") from error
