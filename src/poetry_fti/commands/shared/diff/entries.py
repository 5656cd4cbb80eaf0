"""Packages in which locks differ, as cells of tables and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poetry_fti.commands.shared.reports.comparison import versions_text
from poetry_fti.operations.comparison import origin_texts
from poetry_fti.wording import counted, readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poetry_fti.operations.diff.differences import Difference, Entry, LockSize
    from poetry_fti.operations.diff.requirement_changes import RequirementChange


def versions_cells(difference: Difference) -> tuple[str, str]:
    """Return the versions of a package before and after; an empty text without the package."""
    entries = (difference.before, difference.after)
    origins = origin_texts(each for entry in entries if entry for each in entry.versions)
    before, after = (versions_text(each.versions, origins) if each else "" for each in entries)
    return before, after


def required_by(entry: Entry) -> str:
    """Return what requires a package: `pyproject.toml`, or the chain of packages that do."""
    if not entry.chain:
        return "-"
    return "pyproject.toml" if entry.is_direct else " -> ".join(entry.chain[:-1])


def requirement_text(change: RequirementChange) -> str:
    """Return a changed requirement as text, such as `app requires <2 (before: any version)`."""
    before, after = (
        None if text is None else text or "any version" for text in (change.before, change.after)
    )
    if after is None:
        return f"{change.by} no longer requires {before}"
    return f"{change.by} requires {after}" + ("" if before is None else f" (before: {before})")


def kind_text(difference: Difference, where: Sequence[str]) -> str:
    """Return whether pyproject.toml requires a package itself.

    `where` completes "direct" if it does so on one side only.
    """
    entries = [each for each in (difference.before, difference.after) if each]
    direct = [each.is_direct for each in entries]
    if all(direct):
        return "direct"
    return f"direct {where[direct.index(True)]}" if any(direct) else "transitive"


def direct_first(found: Iterable[Difference]) -> list[Difference]:
    """Return packages in the same order, those first that pyproject.toml requires."""

    def is_transitive(difference: Difference) -> bool:
        entry = difference.after or difference.before
        return entry is None or not entry.is_direct

    return sorted(found, key=is_transitive)


def size_text(size: int | None) -> str:
    """Return the size of a download, or `-` if it is unknown."""
    return "-" if size is None else readable(size)


def lock_text(size: LockSize) -> str:
    """Return the number of packages in a lock, with the size of the downloads if it is known."""
    packages = counted(size.packages, "package")
    return packages if size.download is None else f"{packages}, {readable(size.download)}"


def entry_data(entry: Entry | None, difference: Difference) -> dict[str, Any] | None:
    """Return what a lock has of a package as JSON data; None if it does not have it."""
    if entry is None:
        return None
    entries = (difference.before, difference.after)
    origins = origin_texts(each for found in entries if found for each in found.versions)
    data: dict[str, Any] = {"versions": [str(locked) for locked in entry.versions]}
    if any(origins.values()):
        data["origins"] = [origins[locked] for locked in entry.versions]
    return {
        **data,
        "direct": entry.is_direct,
        "required_by": list(entry.chain[:-1]),
        "size": entry.size,
    }


def lock_data(size: LockSize) -> dict[str, Any]:
    """Return the number of packages in a lock and the size of the downloads as JSON data."""
    return {"packages": size.packages, "size": size.download}
