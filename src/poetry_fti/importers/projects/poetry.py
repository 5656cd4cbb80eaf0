"""`[tool.poetry]`: dependencies, groups and sources in Poetry's own form."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.errors import FtiError
from poetry_fti.importers.shared.documents import array, string, strings, table, tables
from poetry_fti.importers.shared.indexes import index_of
from poetry_fti.importers.shared.places import placed
from poetry_fti.importers.shared.poetry_versions import specifiers
from poetry_fti.importers.shared.quoting import quoted
from poetry_fti.importers.shared.requirements import merged
from poetry_fti.model.imported import ImportedIndex, ImportedRequirement
from poetry_fti.urls import is_pypi
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePath

    from poetry_fti.importers.projects.declared import Declared, Reader
    from poetry_fti.model.imported import IndexPriority

_PRIORITIES: Final[Mapping[str, IndexPriority]] = {
    "supplemental": "supplemental",
    "explicit": "explicit",
}


def with_poetry(declared: Declared, data: Mapping[str, Any], reader: Reader) -> Declared:
    """Return what a project declares with what `[tool.poetry]` adds; raises FtiError."""
    poetry = table(data, "tool", "poetry")
    if not poetry:
        return declared
    where = reader.files.shown(reader.path)
    main = table(poetry, "dependencies")
    groups = {name: table(each, "dependencies") for name, each in table(poetry, "group").items()}
    if "dev-dependencies" in poetry:
        groups["dev"] = {**table(poetry, "dev-dependencies"), **groups.get("dev", {})}
    read = {
        name: [*poetry_requirements(found, where, reader.path.parent)]
        for name, found in groups.items()
    }
    for name, each in table(poetry, "group").items():
        for other in strings(table(each).get("include-groups")):
            read[name] += read.get(other, [])
    own = {name: value for name, value in main.items() if name != "python"}
    python = specifiers_of(string(main.get("python")), where)
    return replace(
        declared,
        main=_completed(declared.main, [*poetry_requirements(own, where, reader.path.parent)]),
        groups={
            **declared.groups,
            **{
                name: _completed(declared.groups.get(name, ()), each) for name, each in read.items()
            },
        },
        python=declared.python or reader.python(python),
        indexes=(*declared.indexes, *_indexes(poetry)),
    )


def poetry_requirements(
    dependencies: Mapping[str, Any], where: str, folder: PurePath
) -> Iterator[ImportedRequirement]:
    """Yield the requirements of a table of dependencies; raises FtiError for a wrong version."""
    for name, value in dependencies.items():
        for each in array(value) or [value]:
            item = {"version": each} if isinstance(each, str) else table(each)
            found = ImportedRequirement(
                name=name,
                extras=tuple(sorted(strings(item.get("extras")))),
                specifier=specifiers_of(
                    string(item.get("version")), f"{where}: {in_one_line(name)}"
                ),
                marker=string(item.get("markers")),
            )
            yield placed(found, item, folder)


def specifiers_of(constraint: str, where: str) -> str:
    """Return a constraint of Poetry as specifiers; alternatives allow any version.

    Raises FtiError if it is not valid.
    """
    try:
        return specifiers(constraint) or ""
    except ValueError as error:
        raise FtiError(f"{where}: {quoted(constraint)} is not a version constraint.") from error


def _completed(
    standard: tuple[ImportedRequirement, ...], poetry: list[ImportedRequirement]
) -> tuple[ImportedRequirement, ...]:
    """Return requirements in the standard form with the places that Poetry's form adds."""
    if not standard:
        return tuple(merged(poetry))
    places = {each.normalized: each for each in poetry}
    return tuple(
        replace(each, url=place.url, path=place.path, editable=place.editable, index=place.index)
        if (place := places.get(each.normalized)) and not each.url
        else each
        for each in standard
    )


def _indexes(poetry: Mapping[str, Any]) -> Iterator[ImportedIndex]:
    for each in tables(poetry.get("source")):
        name, url = string(each.get("name")), string(each.get("url"))
        priority = _PRIORITIES.get(string(each.get("priority")), "primary")
        if name.lower() == "pypi" or is_pypi(url):
            yield ImportedIndex(name="PyPI", url="", priority=priority)
        elif name and url:
            yield index_of(url, priority, name)
