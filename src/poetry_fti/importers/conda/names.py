"""The distributions on PyPI that correspond to conda packages."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import cache
from pkgutil import get_data
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName

# Python libraries of conda that begin as C libraries do.
_PYTHON_LIBRARIES: Final = frozenset(
    {"libclang", "libcst", "libretranslate", "librosa", "libsass", "libtmux"}
)


def distribution(conda: str) -> NormalizedName | None:
    """Return the distribution of a conda package, None for one that has no Python package.

    A package that the table does not name has the same name in both.
    """
    name = conda.lower()
    if name in _table():
        return canonicalize_name(_table()[name])
    if _native().fullmatch(name) and name not in _PYTHON_LIBRARIES:
        return None
    return canonicalize_name(name)


def is_listed(conda: str) -> bool:
    """Return whether a conda package is known to have a distribution of another name."""
    return conda.lower() in _table()


@cache
def _table() -> Mapping[str, str]:
    return dict(line.split("\t") for line in _lines("names.tsv"))


@cache
def _native() -> re.Pattern[str]:
    return re.compile("|".join(translate(pattern) for pattern in _lines("native.txt")))


def _lines(name: str) -> list[str]:
    data = get_data(__package__ or __name__, name) or b""
    lines = data.decode("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
