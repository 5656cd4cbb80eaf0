"""Parsing of requirements (PEP 508) into Poetry's dependencies, each text once."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from poetry.core.constraints.version import parse_constraint
from poetry.core.packages.dependency import Dependency

from poetry_fti.bridge.markers import parsed_marker

# Nearly all published requirements: name, extras, version specifiers, marker. Poetry's own parser
# takes twice as long; it parses all others (URLs, paths, comments).
_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_CLAUSE: Final = r"(?:[~=!<>]=|[<>])[ \t]*[^,;\s)]*"
_PLAIN: Final = re.compile(
    rf"(?P<name>{_NAME}(?<![._-]))[ \t]*"
    rf"(?:\[[ \t]*(?P<extras>{_NAME}(?:[ \t]*,[ \t]*{_NAME})*)[ \t]*\])?[ \t]*"
    rf"(?:(?P<open>\()?[ \t]*(?P<clauses>{_CLAUSE}(?:[ \t]*,[ \t]*{_CLAUSE})*)[ \t]*(?(open)\)))?"
    r"[ \t]*(?:;[ \t]*(?P<marker>[^\s#][^#]*))?"
)
_ARCHIVE: Final = (".whl", ".zip", ".gz", ".bz2", ".tar", ".tgz", ".xz")


@cache
def parsed_requirement(text: str) -> Dependency:
    """Return a requirement as `Dependency.create_from_pep_508` does; callers must not change it.

    Raises InvalidRequirementError or InvalidMarkerError.
    """
    plain = _PLAIN.fullmatch(text)
    if plain is None or plain["name"].endswith(_ARCHIVE):
        return Dependency.create_from_pep_508(text)
    try:
        dependency = _dependency(plain["name"], plain["clauses"], plain["extras"])
        if plain["marker"]:
            dependency.marker = parsed_marker(plain["marker"].strip())
    except Exception:  # noqa: BLE001 - Poetry's parser decides
        return Dependency.create_from_pep_508(text)
    return Dependency.create_from_pep_508(text) if dependency.constraint.is_empty() else dependency


def _dependency(name: str, clauses: str | None, extras: str | None) -> Dependency:
    names = [extra.strip() for extra in extras.split(",")] if extras else []
    return Dependency(name, parse_constraint(clauses or "*"), extras=names)
