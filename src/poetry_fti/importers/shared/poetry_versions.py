"""Version constraints as Poetry writes them, as PEP 440 specifiers."""

from __future__ import annotations

import re
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

_PART: Final = re.compile(r"(?P<operator>\^|~(?!=)|===?|!=|<=|>=|~=|<|>|)\s*(?P<version>[^,\s]+)")


def specifiers(constraint: str) -> str | None:
    """Return a constraint as specifiers, empty for any version; None if it has alternatives.

    Raises ValueError if it is not valid.
    """
    text = constraint.strip()
    if text in {"", "*"}:
        return ""
    if "|" in text:
        return None
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
