"""A summary of a lock, without parsing its packages: their text is only checked for damage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.bridge.lock.text.chunks import PackageText, lock_chunks
from poetry_fti.bridge.lock.text.package_text import EXTRAS, KEY, REMEMBERED, package_match
from poetry_fti.bridge.toml_parser import tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADER: Final = re.compile(r"#[^\x00-\x1f\x7f]*\n")
_NO_PACKAGES: Final = re.compile(_HEADER.pattern + r"package = \[\]\n")
_ROOT_EXTRAS: Final = re.compile(rf"\[extras\]\n{EXTRAS}")
_LINE_KEY: Final = re.compile(rf"^({KEY}) = ", re.MULTILINE)
_GROUP_KEY: Final = re.compile(rf"[{{ ]({KEY}) = \"")


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
    opening, *tables = lock_chunks(text)
    metadata = tables.pop() if tables else ""
    extras = tables.pop() if tables and isinstance(tables[-1], str) else ""
    if (
        isinstance(opening, str)
        and (_HEADER if tables else _NO_PACKAGES).fullmatch(opening, 1)
        and all(isinstance(each, PackageText) and _is_package(each.shared) for each in tables)
        and (not extras or (isinstance(extras, str) and _are_extras(extras)))
        and isinstance(metadata, str)
    ):
        return _from_metadata(metadata, len(tables))
    return None


@lru_cache(REMEMBERED)
def _is_package(shared: str) -> bool:
    found = package_match(shared)
    return (
        found is not None
        and _differ(_LINE_KEY, found["dependencies"])
        and _differ(_LINE_KEY, found["extras"])
        and _differ(_GROUP_KEY, found["by_group"])
    )


def _are_extras(text: str) -> bool:
    return _ROOT_EXTRAS.fullmatch(text) is not None and _differ(_LINE_KEY, text)


def _differ(key: re.Pattern[str], table: str | None) -> bool:
    keys = [each.strip('"') for each in key.findall(table or "")]
    return len(keys) == len(set(keys))


def _from_metadata(text: str, packages: int) -> LockSummary | None:
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
    metadata = parsed.pop("metadata", {})
    content_hash, version = metadata.get("content-hash"), metadata.get("lock-version")
    conditions = metadata.get("fti", {})
    known = (
        isinstance(content_hash, str) and isinstance(version, str) and isinstance(conditions, dict)
    )
    return (
        LockSummary(content_hash, conditions, packages, version) if known and not parsed else None
    )
