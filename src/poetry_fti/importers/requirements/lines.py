"""The logical lines of a requirements file, as pip joins and strips them."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMENT: Final = re.compile(r"(?:^|\s+)#(?P<text>.*)$")
_COMMENT_LINE: Final = re.compile(r"\s*#")
_DECLARED: Final = re.compile(rb"coding[:=]\s*([-\w.]+)")
# The marks of UTF-32 begin with those of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A logical line: the number of its first line, its text, and the comments that belong to it.

    The comments are the one on the line itself and the comment lines below it.
    """

    number: int
    text: str
    comments: tuple[str, ...] = ()


def decoded(data: bytes) -> str:
    """Return the text of a file: by its byte order mark or declared encoding, else UTF-8.

    Bytes that are not UTF-8 are read as Latin-1 unless an encoding is declared. Raises ValueError
    for an unknown encoding, or bytes that the declared one does not have.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding)
    for line in data.split(b"\n")[:2]:
        declared = _DECLARED.search(line) if line.startswith(b"#") else None
        if declared:
            return _as_declared(data, declared[1].decode())
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _as_declared(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except LookupError as error:  # also for codecs that are not encodings of text
        raise ValueError(f"unknown encoding {encoding}") from error


def logical_lines(text: str) -> Iterator[Line]:
    """Yield the lines that are neither empty nor comments, with continuation lines joined."""
    found: list[Line] = []
    for number, joined in _joined(text):
        comment = _COMMENT.search(joined)
        stripped = (joined[: comment.start()] if comment else joined).strip()
        comments = (comment["text"].strip(),) if comment else ()
        if stripped:
            yield from found
            found = [Line(number, stripped, comments)]
        elif found and comments:
            last = found[-1]
            found = [Line(last.number, last.text, (*last.comments, *comments))]
    yield from found


def _joined(text: str) -> Iterator[tuple[int, str]]:
    first, parts = 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        is_comment = _COMMENT_LINE.match(line) is not None
        if line.endswith("\\") and not is_comment:
            first = first if parts else number
            parts.append(line.strip("\\"))
            continue
        # The blank keeps the comment apart from the text that it continues.
        parts.append(f" {line}" if is_comment else line)
        yield first if len(parts) > 1 else number, "".join(parts)
        parts = []
    if parts:
        yield first, "".join(parts)
