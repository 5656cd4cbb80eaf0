"""Version constraints as Poetry writes them, as PEP 440 specifiers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packaging.specifiers import Specifier

_ALTERNATIVE: Final = re.compile(r"\|\|?")
_LOWER: Final = (">=", ">")
_UPPER: Final = ("<", "<=")
_PART: Final = re.compile(r"(?P<operator>\^|~(?!=)|===?|!=|<=|>=|~=|<|>|)\s*(?P<version>[^,\s]+)")


def specifiers(constraint: str) -> str:
    """Return a constraint as specifiers, empty for any version.

    Alternatives become a range from the first bound of any of them to the last one. Raises
    ValueError if it is not valid.
    """
    found = [_of_one(each.strip()) for each in _ALTERNATIVE.split(constraint)]
    if len(found) == 1:
        return found[0]
    parts = (",".join(map(_bounds, SpecifierSet(each))) for each in found)
    return _around(list(map(SpecifierSet, parts)))


def _bounds(specifier: Specifier) -> str:
    """Return a specifier with both bounds if it allows one version or one series of versions."""
    operator, version = specifier.operator, specifier.version
    if operator == "~=":
        return _range(version, len(Version(version).release) - 1)
    if operator != "==":
        return str(specifier)
    if version.endswith(".*"):
        series = version.removesuffix(".*")
        return _range(series, len(Version(series).release))
    public = Version(version).public
    return f">={public},<={public}"


def _around(alternatives: Sequence[SpecifierSet]) -> str:
    """Return the smallest range with both bounds that contains several ones."""
    bounds = [
        [
            min((each for each in part if each.operator in operators), key=_version, default=None)
            for part in alternatives
        ]
        for operators in (_LOWER, _UPPER)
    ]
    lower = min(filter(None, bounds[0]), key=_version) if all(bounds[0]) else None
    upper = max(filter(None, bounds[1]), key=_version) if all(bounds[1]) else None
    return str(SpecifierSet(",".join(str(each) for each in (lower, upper) if each)))


def _version(specifier: Specifier) -> Version:
    return Version(specifier.version)


def _of_one(text: str) -> str:
    """Return a constraint without alternatives as specifiers."""
    if text in {"", "*"}:
        return ""
    parts = [_PART.fullmatch(part.strip()) for part in re.split(r"\s*,\s*|\s+(?=[\^~<>=!])", text)]
    try:
        found = [_specifiers(part["operator"], part["version"]) for part in parts if part]
        if len(found) != len(parts):
            raise ValueError(text)
        return str(SpecifierSet(",".join(found)))
    except (InvalidVersion, InvalidSpecifier) as error:
        raise ValueError(text) from error


def _specifiers(operator: str, version: str) -> str:
    if operator == "^":
        return _range(version, _caret_length(Version(version)))
    if operator == "~":
        return _range(version, min(2, len(Version(version).release)))
    return f"{operator or '=='}{version}"


def _caret_length(version: Version) -> int:
    """Return how many numbers of a release are those up to the first that is not 0."""
    release = version.release
    return next((i for i, number in enumerate(release, 1) if number), len(release))


def _range(version: str, length: int) -> str:
    numbers = list(Version(version).release[:length])
    numbers[-1] += 1
    return f">={version},<{'.'.join(map(str, numbers))}"
