"""The text of a package in a lock, most of which the locks of several stages have in common."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

from poetry_fti.bridge.toml_parser import tomllib

# The grammar is a subset of TOML's: the lines that Poetry writes in a lock of version 2.1, in their
# order. No quantifier matches the character that follows it, so there is no backtracking and damage
# is found in one pass. Duplicate keys of a table are not found by the grammar.
_PLAIN: Final = r'[^"\\\x00-\x1f\x7f]*'
_STRING: Final = rf'"{_PLAIN}(?:\\(?:["\\btnfr]|u00[01][0-9a-f]|u007f){_PLAIN})*"'
KEY: Final = rf"(?:[A-Za-z0-9_-]+|{_STRING})"
_STRINGS: Final = rf"\[(?:{_STRING}(?:, {_STRING})*)?\]"
_GIT: Final = (
    rf"git = {_STRING}(?:, (?:branch|tag|rev) = {_STRING})?(?:, subdirectory = {_STRING})?"
)
_PATH: Final = rf"path = {_STRING}(?:, develop = true)?"
_DEPENDENCY: Final = (
    rf"(?:{_STRING}|\{{(?:version = {_STRING}|url = {_STRING}|{_PATH}|{_GIT})"
    rf"(?:, extras = {_STRINGS})?(?:, optional = true)?(?:, markers = {_STRING})?\}})"
)
_DEPENDENCIES: Final = rf"(?:{_DEPENDENCY}|\[\n(?:    {_DEPENDENCY},\n)+\])"
_BY_GROUP: Final = rf"\{{{KEY} = {_STRING}(?:, {KEY} = {_STRING})*\}}"
EXTRAS: Final = rf"(?:{KEY} = {_STRINGS}\n)+"
# The dependency groups, and with them the only line in which stages usually differ.
GROUPS: Final = re.compile(rf"^groups = (?P<names>{_STRINGS})\n", re.MULTILINE)
# What Poetry writes of a package's files and extras, a line for each.
_FILE_LINES: Final = re.compile(r"^files = \[\n(?:    \{.*\},\n)+\]\n", re.MULTILINE)
_EXTRA_LINES: Final = re.compile(r"^\[package\.extras\]\n(?:[^\n\[].*\n)*", re.MULTILINE)
# More packages than the locks of a large project have.
REMEMBERED: Final = 8192


@lru_cache(REMEMBERED)
def package_match(shared: str) -> re.Match[str] | None:
    """Return the match of `package_pattern` with a package without its groups; None if none."""
    return package_pattern().fullmatch(shared)


@dataclass(frozen=True, eq=False, slots=True)
class SharedTable:
    """The table of a package without its files and extras, which must not be changed.

    It is the same object for each lock that has it, and compared by identity. If the package has
    dependency groups, they are an empty list here.
    """

    content: dict[str, Any]


def fileless_table(shared: str, groups: str) -> tuple[SharedTable, dict[str, Any]]:
    """Return the table of a package without its files and extras: a tenth of a lock.

    The table of the line `groups` is returned apart from it. Raises TOMLDecodeError.
    """
    return _shared(shared), _parsed(groups)


@lru_cache(REMEMBERED)
def _shared(text: str) -> SharedTable:
    short = _EXTRA_LINES.sub("", _FILE_LINES.sub("files = []\n", text))
    return SharedTable(_parsed(f"[[package]]\n{short}")["package"][0])


@lru_cache(REMEMBERED)
def _parsed(text: str) -> dict[str, Any]:
    data: dict[str, Any] = tomllib.loads(text)
    return data


@cache
def package_pattern() -> re.Pattern[str]:
    """Return the pattern of a package in a lock; it is slow to compile, so only when needed."""
    return re.compile(
        rf"name = (?P<name>{_STRING})\n"
        rf"version = (?P<version>{_STRING})\n"
        rf"description = {_STRING}\n"
        r"optional = (?:true|false)\n"
        rf"python-versions = {_STRING}\n"
        rf"groups = {_STRINGS}\n"
        rf"(?P<marker>markers = {_STRING}\n)?"
        rf"files = \[(?P<files>\n(?:    \{{file = {_STRING}, hash = {_STRING}\}},\n)+)?\]\n"
        r"(?:develop = (?:true|false)\n)?"
        rf"(?(marker)|(?:markers = (?P<by_group>{_BY_GROUP})\n)?)"
        rf"(?:\n\[package\.dependencies\]\n(?P<dependencies>(?:{KEY} = {_DEPENDENCIES}\n)+))?"
        rf"(?:\n\[package\.extras\]\n(?P<extras>{EXTRAS}))?"
        r"(?:\n\[package\.source\]\n"
        rf"(?:type = (?P<type>{_STRING})\n)?"
        rf"url = (?P<url>{_STRING})\n"
        rf"(?:reference = (?P<reference>{_STRING})\n)?"
        rf"(?:resolved_reference = (?P<resolved_reference>{_STRING})\n)?"
        rf"(?:subdirectory = (?P<subdirectory>{_STRING})\n)?)?"
    )
