"""Templates of Dockerfiles: lines of the form `# fti: NAME` are replaced by instructions."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, Final, TypeAlias

from poetry_fti.errors import FtiError
from poetry_fti.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Blocks: TypeAlias = Mapping[str, Callable[[], str]]

_BLOCK: Final = re.compile(r"[ \t]*#[ \t]*fti:(.*)")
_DIRECTIVE: Final = re.compile(r"#\s*(syntax|check|escape)\s*=", re.IGNORECASE)

_BUILDER: Final = "builder"
_COPYING: Final = ("packages", "code")

# The template of a stage that configures none.
STANDARD: Final = """\
# fti: base

# fti: builder

FROM base

# fti: user

# fti: workdir

# fti: packages

# fti: files

# fti: code

# fti: environment

# fti: steps

# fti: labels

# fti: start
"""


def directives(template: str) -> list[str]:
    """Return the parser directives of a Dockerfile, which have to be its first lines."""
    return list(takewhile(_DIRECTIVE.match, _lines(template)))


def fill(template: str, blocks: Blocks, name: str) -> str:
    """Return a template without its directives, with each block's line replaced by its text.

    Raises FtiError for an unknown block, or one whose prerequisite is missing; `name` is the
    template's, for the message.
    """
    first = directives(template)
    if any(line.endswith("`") for line in first):
        message = 'the blocks use "\\" as line continuation: remove the directive "escape".'
        raise FtiError(f"{name}: {message}")
    return "\n".join(_filled(_lines(template), len(first), blocks, name)).strip("\n")


def _filled(lines: list[str], first: int, blocks: Blocks, name: str) -> Iterator[str]:
    is_gap = False
    used: set[str] = set()
    for number, line in enumerate(lines[first:], first + 1):
        match = _BLOCK.fullmatch(line)
        text = line
        if match:
            text = _block(match[1].strip(), blocks, used, f"{name}, line {number}")
        # The empty line below a block without text would be the second one in a row.
        if text or not (match or is_gap):
            yield text
        is_gap = bool(match and not text)


def _block(block: str, blocks: Blocks, used: set[str], where: str) -> str:
    if block not in blocks:
        known = f"(known: {', '.join(blocks)})"
        raise FtiError(f'{where}: unknown block "{block}"{suggestion(block, blocks)} {known}.')
    if block in _COPYING and _BUILDER not in used:
        message = f'"{block}" copies from what the block "{_BUILDER}" builds above it.'
        raise FtiError(f"{where}: {message}")
    used.add(block)
    return blocks[block]()


def _lines(text: str) -> list[str]:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
