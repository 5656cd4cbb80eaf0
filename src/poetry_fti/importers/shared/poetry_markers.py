"""The keys `python` and `platform` of Poetry's dependencies, as environment markers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from poetry_fti.importers.shared.poetry_versions import specifiers

if TYPE_CHECKING:
    from packaging.specifiers import Specifier

_MINOR: Final = 2
_ALTERNATIVE: Final = re.compile(r"\|\|?")


def python_marker(constraint: str) -> str:
    """Return a marker for a constraint on Python, empty for any version.

    Raises ValueError if it is not valid.
    """
    parts = [specifiers(each.strip()) for each in _ALTERNATIVE.split(constraint)]
    if not all(parts):
        return ""
    return " or ".join(
        " and ".join(
            _comparison(each) for each in sorted(SpecifierSet(part), key=str, reverse=True)
        )
        for part in parts
    )


def _comparison(specifier: Specifier) -> str:
    operator, version = specifier.operator, specifier.version
    plain = version.removesuffix(".*")
    length = len(Version(plain).release)
    if version != plain:
        # The value of `python_version` is a minor version, which `3` alone never equals.
        return f"python_version {operator} '{plain if length == _MINOR else version}'"
    if operator not in {">=", "<"} or length > _MINOR:
        return f"python_full_version {operator} '{version}'"
    return f"python_version {operator} '{version}'"


def system_marker(constraint: str) -> str:
    """Return a marker for a constraint on `sys_platform` such as `linux`, empty for any."""
    alternatives = [
        [part.strip() for part in each.split(",")] for each in _ALTERNATIVE.split(constraint)
    ]
    if any(part in {"", "*"} for parts in alternatives for part in parts):
        return ""
    return " or ".join(" and ".join(map(_equality, parts)) for parts in alternatives)


def _equality(part: str) -> str:
    return f"sys_platform {'!=' if part.startswith('!') else '=='} '{part.lstrip('!= ')}'"
