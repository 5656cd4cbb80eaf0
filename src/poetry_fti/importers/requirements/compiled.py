"""Files that pip-compile or uv have written: which requirements are direct ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.utils import NormalizedName

_VIA: Final = re.compile(r"via\b\s*(?P<who>.*)", re.DOTALL)
_AGAIN: Final = re.compile(r"via(?:\s+|$)")


def transitive(comments: Mapping[NormalizedName, Iterable[str]]) -> set[NormalizedName]:
    """Return the packages that only other packages of the file require, by their `# via` comments.

    Where a package has no such comment, the file is not one that lists them for all packages, and
    the result is empty.
    """
    requiring = {name: _requiring(lines) for name, lines in comments.items()}
    if not all(requiring.values()):
        return set()
    return {
        name
        for name, who in requiring.items()
        if all(
            canonicalize_name(each) in comments and canonicalize_name(each) != name for each in who
        )
    }


def _requiring(comments: Iterable[str]) -> list[str]:
    found = _VIA.search("\n".join(comments))
    words = re.split(r"[,\n]", found["who"]) if found else []
    # A package may have several lines, each with such a comment.
    stripped = (_AGAIN.sub("", word.strip()) for word in words)
    # What constrains a version does not require the package.
    return [word for word in stripped if word and not word.startswith("-c ")]
