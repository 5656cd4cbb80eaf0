"""The instructions of a pickle and their arguments, read in constant memory."""

from __future__ import annotations

import pickletools
from typing import TYPE_CHECKING, Final

from poetry_fti.models.boosters import lightgbm_format, xgboost_version
from poetry_fti.models.malformed import MalformedError
from poetry_fti.models.pickles.values import UNKNOWN, Global
from poetry_fti.models.stream import excerpt, read_exactly, read_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.models.pickles.findings import Findings
    from poetry_fti.models.pickles.values import Value
    from poetry_fti.models.stream import Binary

OPCODES: Final[Mapping[int, pickletools.OpcodeInfo]] = {
    ord(each.code): each for each in pickletools.opcodes
}
LONGEST: Final = 512  # bytes of a string or of bytecode that is kept
_LENGTH_BYTES: Final[Mapping[int, int]] = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
_DIGITS: Final = 10
_TEXTS: Final = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE", "STRING"})
_OLD_TEXTS: Final = frozenset({"SHORT_BINSTRING", "BINSTRING"})
_NUMBERS: Final = frozenset(
    {
        "BININT",
        "BININT1",
        "BININT2",
        "BINGET",
        "LONG_BINGET",
        "BINPUT",
        "LONG_BINPUT",
        "LONG1",
        "EXT1",
        "EXT2",
        "EXT4",
    }
)
_LINES: Final = frozenset({"INT", "LONG", "GET", "PUT"})


class Arguments:
    """Reads the argument of an instruction from a file, and notes the versions in large ones."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def read(self, file: Binary, opcode: pickletools.OpcodeInfo) -> Value:
        """Return the argument of an instruction; `UNKNOWN` if it has none or one of no interest."""
        if opcode.arg is None:
            return UNKNOWN
        size = opcode.arg.n
        if size == pickletools.UP_TO_NEWLINE:
            return self._line(file, opcode.name)
        if size >= 0:
            return self._short(opcode.name, read_exactly(file, size))
        length = int.from_bytes(read_exactly(file, _LENGTH_BYTES[size]), "little")
        if size == pickletools.TAKEN_FROM_ARGUMENT4 and length >> 31:
            raise MalformedError("a length in it is negative")
        return self._long(opcode.name, excerpt(file, length))

    def _line(self, file: Binary, name: str) -> Value:
        if name in {"GLOBAL", "INST"}:
            return Global(_decoded(read_line(file)), _decoded(read_line(file)))
        line = read_line(file)
        if name in _LINES:
            digits = line.rstrip(b"L\r")
            return int(digits) if digits.isdigit() and len(digits) <= _DIGITS else UNKNOWN
        if name == "STRING":
            line = line.strip()[1:-1]
        # Escapes are not resolved: where they matter, the value counts as computed.
        return UNKNOWN if b"\\" in line[:LONGEST] else self._long(name, line)

    def _short(self, name: str, data: bytes) -> Value:
        return (
            int.from_bytes(data, "little", signed=name == "BININT") if name in _NUMBERS else UNKNOWN
        )

    def _long(self, name: str, data: bytes) -> Value:
        if len(data) > LONGEST:
            self._note(data)
            return UNKNOWN
        if name in _TEXTS or name in _OLD_TEXTS:
            return _decoded(data)
        if name == "LONG1":
            return int.from_bytes(data, "little", signed=True) if len(data) <= 8 else UNKNOWN  # noqa: PLR2004
        return data

    def _note(self, data: bytes) -> None:
        if version := xgboost_version(data):
            self._findings.versions.setdefault("xgboost", version)
        if version := lightgbm_format(data):
            self._findings.formats.setdefault("lightgbm", version)


def _decoded(data: bytes) -> str:
    if len(data) > LONGEST:
        raise MalformedError("a name in it is longer than 512 bytes")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
