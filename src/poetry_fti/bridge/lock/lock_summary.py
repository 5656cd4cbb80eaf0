"""A summary of a lock, without parsing its packages: their text is only checked for damage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.bridge.toml_parser import tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping

# The grammar is a subset of TOML's: the lines that Poetry writes in a lock of version 2.1, in their
# order. No quantifier matches the character that follows it, so there is no backtracking and damage
# is found in one pass. Duplicate keys of a table are not found by the grammar.
_PLAIN: Final = r'[^"\\\x00-\x1f\x7f]*'
_STRING: Final = rf'"{_PLAIN}(?:\\(?:["\\btnfr]|u00[01][0-9a-f]|u007f){_PLAIN})*"'
_KEY: Final = rf"(?:[A-Za-z0-9_-]+|{_STRING})"
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
_BY_GROUP: Final = rf"\{{{_KEY} = {_STRING}(?:, {_KEY} = {_STRING})*\}}"
_EXTRAS: Final = rf"(?:{_KEY} = {_STRINGS}\n)+"
_HEADER: Final = re.compile(r"#[^\x00-\x1f\x7f]*\n")
_NO_PACKAGES: Final = re.compile(_HEADER.pattern + r"package = \[\]\n")
_ROOT_EXTRAS: Final = re.compile(_EXTRAS)
_LINE_KEY: Final = re.compile(rf"^({_KEY}) = ", re.MULTILINE)
_GROUP_KEY: Final = re.compile(rf"[{{ ]({_KEY}) = \"")


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
        rf"(?:\n\[package\.dependencies\]\n(?P<dependencies>(?:{_KEY} = {_DEPENDENCIES}\n)+))?"
        rf"(?:\n\[package\.extras\]\n(?P<extras>{_EXTRAS}))?"
        r"(?:\n\[package\.source\]\n"
        rf"(?:type = (?P<type>{_STRING})\n)?"
        rf"url = (?P<url>{_STRING})\n"
        rf"(?:reference = (?P<reference>{_STRING})\n)?"
        rf"(?:resolved_reference = (?P<resolved_reference>{_STRING})\n)?"
        rf"(?:subdirectory = (?P<subdirectory>{_STRING})\n)?)?"
    )


@dataclass(frozen=True, slots=True)
class LockSummary:
    """The metadata of a lock, and the number of its packages.

    `conditions` is the table `[metadata.fti]`, empty without one.
    """

    content_hash: str
    conditions: Mapping[str, Any]
    packages: int
    lock_version: str


def summarize(text: str) -> LockSummary | None:
    """Return the summary of a lock's text; None if Poetry would not have written it exactly so."""
    content, _, metadata = text.replace("\r\n", "\n").rpartition("\n[metadata]\n")
    content, _, extras = content.partition("\n[extras]\n")
    opening, *packages = content.split("\n[[package]]\n")
    if (
        (_NO_PACKAGES if not packages else _HEADER).fullmatch(opening)
        and all(map(_is_package, packages))
        and (not extras or (_ROOT_EXTRAS.fullmatch(extras) and _differ(_LINE_KEY, extras)))
    ):
        return _from_metadata(metadata, len(packages))
    return None


def _is_package(text: str) -> bool:
    found = package_pattern().fullmatch(text)
    return (
        found is not None
        and _differ(_LINE_KEY, found["dependencies"])
        and _differ(_LINE_KEY, found["extras"])
        and _differ(_GROUP_KEY, found["by_group"])
    )


def _differ(key: re.Pattern[str], table: str | None) -> bool:
    keys = [each.strip('"') for each in key.findall(table or "")]
    return len(keys) == len(set(keys))


def _from_metadata(text: str, packages: int) -> LockSummary | None:
    try:
        parsed = tomllib.loads(f"[metadata]\n{text}")
    except tomllib.TOMLDecodeError:
        return None
    metadata = parsed.pop("metadata")
    content_hash, version = metadata.get("content-hash"), metadata.get("lock-version")
    conditions = metadata.get("fti", {})
    known = (
        isinstance(content_hash, str) and isinstance(version, str) and isinstance(conditions, dict)
    )
    return (
        LockSummary(content_hash, conditions, packages, version) if known and not parsed else None
    )
