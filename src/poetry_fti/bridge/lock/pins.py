"""Reading the pins of a lock, also of one that is damaged or contains a merge conflict."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from poetry_fti.bridge.lock.text.chunks import PackageText, lock_chunks
from poetry_fti.bridge.lock.text.package_text import REMEMBERED, package_match
from poetry_fti.bridge.toml_parser import tomllib

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.utils import NormalizedName

_MARKER_PARTS: Final = {"<" * 7: "ours", "|" * 7: "base", "=" * 7: "theirs", ">" * 7: "end"}
# Longer markers belong to a conflict in the common ancestor, which is not used.
_MARKER: Final = re.compile(r"^(<{7}|\|{7}|={7}|>{7})(?: .*)?\r?$", re.MULTILINE)
# The digest of a file, in lines without escaped characters.
_HASH: Final = re.compile(r'hash = "([^"]*)"\},\n')
_SOURCE: Final = ("type", "url", "reference", "resolved_reference", "subdirectory")


@dataclass(frozen=True, slots=True)
class Pin:
    """The name, version and source of a locked package; a local path is as written in the lock.

    `digests` are those of its files. Pins are equal whatever files the index had.
    """

    name: NormalizedName
    version: str
    source_type: str | None
    source_url: str | None
    source_reference: str | None
    source_resolved_reference: str | None
    source_subdirectory: str | None
    digests: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    @property
    def parsed_version(self) -> Version:
        """The version; raises InvalidVersion."""
        return parse_version(self.version)


@lru_cache(REMEMBERED)
def parse_version(text: str) -> Version:
    """Return a version, which is the same object for equal texts; raises InvalidVersion."""
    return Version(text)


def has_merge_markers(text: str) -> bool:
    """Return whether a text contains the markers that git writes at a conflict."""
    return any(marker in text for marker in _MARKER_PARTS) and _MARKER.search(text) is not None


def read_pins(text: str) -> tuple[tuple[Pin, ...], ...]:
    """Return the pins of a lock, or those of both sides of a merge conflict: ours, theirs.

    A package that cannot be read is left out. Raises ValueError if no package can be read, unless
    the lock is one without packages.
    """
    sides = _sides(text.replace("\r\n", "\n")) if _is_merging(text) else (text,)
    pins = tuple(tuple(_pins(side)) for side in sides)
    if not any(pins) and not any(map(_has_no_packages, sides)):
        raise ValueError("it contains no package that can be read")
    return pins


def _is_merging(text: str) -> bool:
    """Return whether a lock contains merge markers, without searching well-formed packages."""
    return any(
        has_merge_markers(chunk.shared if isinstance(chunk, PackageText) else chunk)
        for chunk in lock_chunks(text)
        if not (isinstance(chunk, PackageText) and package_match(chunk.shared))
    )


def _has_no_packages(text: str) -> bool:
    return any(
        "\npackage = []\n" in f"{chunk}\n" for chunk in lock_chunks(text) if isinstance(chunk, str)
    )


def _sides(text: str) -> tuple[str, str]:
    ours, theirs = [], []
    inside: list[str] = []  # the parts of nested conflicts around a line, outermost first
    for line in text.split("\n"):
        if found := _MARKER.fullmatch(line):
            _enter(_MARKER_PARTS[found[1]], inside)
            continue
        if all(part == "ours" for part in inside):
            ours.append(line)
        if all(part == "theirs" for part in inside):
            theirs.append(line)
    return "\n".join(ours), "\n".join(theirs)


def _enter(part: str, inside: list[str]) -> None:
    if part == "ours":
        inside.append(part)
    elif inside:  # else a marker that was left over when a conflict was resolved by hand
        inside.pop()
        inside.extend([part] if part != "end" else [])


def _pins(text: str) -> Iterator[Pin]:
    for chunk in lock_chunks(text):
        if isinstance(chunk, str):
            yield from _parsed(chunk) if "[package" in chunk else ()
        elif (found := package_match(chunk.shared)) and "\\" not in (found["files"] or ""):
            yield _matched(found)
        else:
            yield from _parsed(f"[[package]]\n{chunk.shared}")


@lru_cache(REMEMBERED)
def _matched(found: re.Match[str]) -> Pin:
    raw = found.group("name", "version", *_SOURCE)
    name, version, *source = (each and _unquoted(each) for each in raw)
    return _pin(name, version, source, _HASH.findall(found["files"] or ""))


def _parsed(chunk: str) -> Iterator[Pin]:
    try:
        packages = tomllib.loads(chunk).get("package")
    except tomllib.TOMLDecodeError:
        return
    for package in packages if isinstance(packages, list) else []:
        name, version = _get(package, "name"), _get(package, "version")
        if isinstance(name, str) and isinstance(version, str):
            source = [_get(_get(package, "source"), key) for key in _SOURCE]
            yield _pin(name, version, source, _parsed_digests(package))


def _parsed_digests(package: object) -> Iterator[str]:
    files = _get(package, "files")
    digests = (_get(file, "hash") for file in (files if isinstance(files, list) else ()))
    return (digest for digest in digests if isinstance(digest, str))


def _get(table: object, key: str) -> object:
    return table.get(key) if isinstance(table, dict) else None


def _unquoted(text: str) -> str:
    return tomllib.loads(f"text = {text}")["text"] if "\\" in text else text[1:-1]


def _pin(name: str, version: str, source: Iterable[object], digests: Iterable[str]) -> Pin:
    kind, url, reference, resolved, subdirectory = (
        each if isinstance(each, str) else None for each in source
    )
    return Pin(
        name=canonicalize_name(name),
        version=version,
        source_type=kind,
        source_url=url,
        source_reference=reference,
        source_resolved_reference=resolved,
        source_subdirectory=subdirectory,
        digests=frozenset(digests),
    )
