"""The facts that come with poetry-fti, read from `skew.toml`."""

from __future__ import annotations

import sys
from functools import cache
from importlib.resources import files as resources
from typing import TYPE_CHECKING, Any, Final, cast, get_args

from poetry_fti.checks.skew.facts import (
    Boundary,
    Direction,
    Kind,
    Level,
    OnnxFormat,
    OnnxFormats,
    PackageFacts,
    SkewFacts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.checks.skew.facts import Release

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_FILE: Final = "skew.toml"
_PACKAGE_KEYS: Final = frozenset({"measured", "series", "boundaries"})
_PLACE_KEYS: Final = frozenset({"at", "below", "from"})
_TEXT_KEYS: Final = frozenset({"direction", "kind", "breaks", "source"})
_OPTIONAL_KEYS: Final = frozenset({"silent", "since", "needs", "level", "form"})


@cache
def load_facts() -> SkewFacts:
    """Return the facts that come with poetry-fti."""
    path = resources("poetry_fti.checks.skew") / _FILE
    return read_facts(path.read_text(encoding="utf-8"))


def read_facts(text: str) -> SkewFacts:
    """Return the facts that a TOML document states.

    Raises ValueError with the path of the table for a fact that is malformed or incomplete.
    """
    data: Mapping[str, Any] = tomllib.loads(text)
    _check_keys("the document", data, {"packages", "onnx-formats"})
    packages = {name: _package(name, table) for name, table in data["packages"].items()}
    formats = data["onnx-formats"]
    _check_keys("onnx-formats", formats, {"written", "read"})
    onnx = OnnxFormats(
        **{
            side: {
                _release(version): OnnxFormat(table["opset"], table["ir"])
                for version, table in formats[side].items()
            }
            for side in ("written", "read")
        }
    )
    return SkewFacts(packages, onnx)


def _package(name: str, table: Mapping[str, Any]) -> PackageFacts:
    """Return the facts of a package; its boundaries are sorted by the version they start with."""
    path = f"packages.{name}"
    _check_keys(path, table, _PACKAGE_KEYS)
    oldest, newest = (_release(version) for version in table["measured"])
    boundaries = [
        boundary
        for number, each in enumerate(table["boundaries"])
        for boundary in _boundaries(f"{path}.boundaries[{number}]", each)
    ]
    for each in boundaries:
        if each.below <= oldest or each.start > (*newest, sys.maxsize):
            raise ValueError(f"{path}: a boundary is outside of the measured range")
    boundaries.sort(key=lambda boundary: (boundary.start, boundary.below))
    return PackageFacts(
        oldest=oldest, newest=newest, series=table["series"], boundaries=tuple(boundaries)
    )


def _boundaries(path: str, table: Mapping[str, Any]) -> Iterator[Boundary]:
    """Yield a boundary for each version of the key `at`, or one for `below` and `from`."""
    missing = _TEXT_KEYS - table.keys()
    if missing:
        raise ValueError(f"{path}: {sorted(missing)} is missing")
    _check_keys(path, table, {*_PLACE_KEYS, *_TEXT_KEYS, *_OPTIONAL_KEYS}, required=False)
    if not table["source"] or not table["breaks"].endswith("."):
        raise ValueError(f"{path}: `source` is empty, or `breaks` is not a sentence")
    for below, start in _places(path, table):
        yield Boundary(
            below=below,
            start=start,
            direction=cast("Direction", _one_of(path, table["direction"], Direction)),
            kind=cast("Kind", _one_of(path, table["kind"], Kind)),
            breaks=table["breaks"],
            source=table["source"],
            silent=table.get("silent", False),
            since=_release(table["since"]) if "since" in table else None,
            needs=table.get("needs"),
            level=cast("Level", _one_of(path, table.get("level", "error"), Level)),
            form=_form(path, table.get("form")),
        )


def _form(path: str, text: str | None) -> str | None:
    """Return the form of what breaks; raises ValueError for one that is unknown."""
    if text in {None, "binary"} or (text and text.startswith("pickle:")):
        return text
    raise ValueError(f'{path}: `form` is neither "binary" nor "pickle:MODULE"')


def _places(path: str, table: Mapping[str, Any]) -> Iterator[tuple[Release, Release]]:
    keys = table.keys() & _PLACE_KEYS
    if keys == {"at"}:
        at = table["at"]
        releases = [_release(each) for each in ([at] if isinstance(at, str) else at)]
        if releases != sorted(set(releases)):
            raise ValueError(f"{path}: the versions of `at` are not in order")
        yield from ((release, release) for release in releases)
    elif keys == {"below", "from"}:
        yield _release(table["below"]), _release(table["from"])
    else:
        raise ValueError(f"{path}: expected either `at`, or `below` and `from`")


def _check_keys(
    path: str,
    table: Mapping[str, Any],
    expected: set[str] | frozenset[str],
    *,
    required: bool = True,
) -> None:
    wrong = table.keys() ^ expected if required else table.keys() - expected
    if wrong:
        raise ValueError(f"{path}: {sorted(wrong)} is missing or unknown")


def _one_of(path: str, value: str, literal: object) -> str:
    if value not in get_args(literal):
        raise ValueError(f'{path}: "{value}" is none of {get_args(literal)}')
    return value


def _release(text: str) -> Release:
    """Return the numbers of a version such as `1.4`; raises ValueError for another text."""
    return tuple(int(number) for number in text.split("."))
