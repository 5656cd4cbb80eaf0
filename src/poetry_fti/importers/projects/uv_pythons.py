"""`[tool.uv.dependency-groups]`: groups with a Python of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from poetry_fti.importers.shared.documents import array, string, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.utils import NormalizedName

    from poetry_fti.importers.projects.declared import Reader


def group_pythons(
    data: Mapping[str, Any], uv: Mapping[str, Any], project: str, reader: Reader
) -> Iterator[tuple[str, str]]:
    """Yield the groups with a Python of their own, and its specifiers.

    A group also has the limits of the groups that it includes. Those of the `project` are repeated
    unless it is the project that is imported into, whose Python limits all stages. Raises FtiError
    if a specifier is not valid.
    """
    settings = table(uv, "dependency-groups")
    limits = {
        canonicalize_name(name): string(table(settings, name).get("requires-python"))
        for name in settings
    }
    is_own = reader.files.is_project(reader.path.parent)
    groups = table(data, "dependency-groups")
    for name in groups:
        found = [limits.get(each, "") for each in _with_included(name, groups)]
        if any(found):
            texts = found if is_own else [*found, project]
            yield name, reader.python(",".join(filter(None, texts)))


def _with_included(name: str, groups: Mapping[str, Any]) -> set[NormalizedName]:
    """Return a group and those that it includes, directly or not."""
    found: set[NormalizedName] = set()
    waiting = [canonicalize_name(name)]
    while waiting:
        wanted = waiting.pop()
        if wanted in found:
            continue
        found.add(wanted)
        items = [
            i
            for other in groups
            if canonicalize_name(other) == wanted
            for i in array(groups[other])
        ]
        waiting += [canonicalize_name(string(table(item).get("include-group"))) for item in items]
    return found
