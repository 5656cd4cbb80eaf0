"""Versions of Python as specifiers for a stage."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterable

_MINOR: Final = re.compile(r"(?:py(?:thon)?)?3\.(?P<minor>\d{1,3})(?:\.\d+)?", re.ASCII)


def minor_versions(versions: Iterable[str]) -> str:
    """Return specifiers of the minor versions of Python in a list such as 3.11 and 3.12.

    They are empty if a version is not one of Python 3, or the list is empty.
    """
    found = [_MINOR.fullmatch(each) for each in versions]
    minors = sorted({int(each["minor"]) for each in found if each})
    if not minors or None in found:
        return ""
    gaps = sorted(set(range(minors[0], minors[-1])) - set(minors))
    return ",".join(
        (f">=3.{minors[0]}", f"<3.{minors[-1] + 1}", *(f"!=3.{each}.*" for each in gaps))
    )


def python_specifiers(versions: str) -> str:
    """Return specifiers of Python in which an exact version stands for its minor version."""
    found: list[str] = []
    for each in sorted(SpecifierSet(versions), key=lambda each: each.operator, reverse=True):
        if each.operator != "==":
            found.append(str(each))
            continue
        major, *rest = Version(each.version.removesuffix(".*")).release
        if rest:
            found += [f">={major}.{rest[0]}", f"<{major}.{rest[0] + 1}"]
        else:
            found += [f">={major}.0", f"<{major + 1}.0"]
    return ",".join(dict.fromkeys(found))
