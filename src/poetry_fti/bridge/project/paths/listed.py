"""The requirements of a derived project as its tables list them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def has_paths(derived: Mapping[str, Any]) -> bool:
    """Return whether a derived project may require a path, found without parsing requirements."""
    return any("@" in text for text in requirement_texts(derived)) or any(
        isinstance(table, Mapping) and "path" in table for _, table in constraints(derived)
    )


def requirement_texts(derived: Mapping[str, Any]) -> Iterator[str]:
    """Yield the requirements that are written as strings."""
    yield from derived.get("project", {}).get("dependencies", ())
    for items in derived.get("dependency-groups", {}).values():
        yield from (item for item in items if isinstance(item, str))


def constraints(derived: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the names in Poetry's tables, each with a constraint: a string or a table."""
    poetry = derived["tool"]["poetry"]
    groups = [group.get("dependencies", {}) for group in poetry.get("group", {}).values()]
    tables = (poetry.get("dependencies", {}), poetry.get("dev-dependencies", {}), *groups)
    for table in tables:
        for name, constraint in table.items():
            for each in constraint if isinstance(constraint, list) else [constraint]:
                yield name, each
