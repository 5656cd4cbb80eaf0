"""Versions of Python as specifiers for a stage."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet
from packaging.version import Version


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
