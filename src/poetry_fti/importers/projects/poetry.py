"""`[tool.poetry]`: dependencies, groups and sources in Poetry's own form."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from packaging.utils import canonicalize_name

from poetry_fti.errors import FtiError
from poetry_fti.importers.shared.documents import array, string, strings, table, tables
from poetry_fti.importers.shared.indexes import index_of
from poetry_fti.importers.shared.places import placed
from poetry_fti.importers.shared.platform_markers import limited
from poetry_fti.importers.shared.poetry_markers import python_marker, system_marker
from poetry_fti.importers.shared.poetry_versions import specifiers
from poetry_fti.importers.shared.quoting import quoted
from poetry_fti.importers.shared.requirements import merged
from poetry_fti.model.imported import ImportedIndex, ImportedRequirement
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import PurePath

    from poetry_fti.importers.projects.declared import Declared, Reader
    from poetry_fti.model.imported import IndexPriority

_PRIORITIES: Final[Mapping[str, IndexPriority]] = {
    "secondary": "supplemental",
    "supplemental": "supplemental",
    "explicit": "explicit",
}


def with_poetry(declared: Declared, data: Mapping[str, Any], reader: Reader) -> Declared:
    """Return what a project declares with what `[tool.poetry]` adds.

    Raises FtiError if a version constraint is not valid.
    """
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
    read = {name: list(_with_included(name, read, poetry, ())) for name in read}
    own = {name: value for name, value in main.items() if name != "python"}
    every = [*poetry_requirements(own, where, reader.path.parent)]
    optional = {canonicalize_name(name) for name, value in own.items() if _is_optional(value)}
    extras = {name: _completed(found, every) for name, found in declared.extras.items()}
    for name, names in table(poetry, "extras").items():
        wanted = set(map(canonicalize_name, strings(names)))
        extras[name] = tuple(each for each in every if each.normalized in wanted)
    python = specifiers_of(string(main.get("python")), where)
    return replace(
        declared,
        main=_completed(declared.main, every)
        if declared.main
        else tuple(merged(each for each in every if each.normalized not in optional)),
        groups={
            **declared.groups,
            **extras,
            **{
                name: _completed(declared.groups.get(name, ()), each) for name, each in read.items()
            },
        },
        extras=extras,
        python=declared.python or reader.python(python),
        indexes=(*declared.indexes, *_indexes(poetry)),
        notes=(*declared.notes, *_notes(poetry, reader)),
    )


def _notes(poetry: Mapping[str, Any], reader: Reader) -> Iterator[str]:
    """Yield a sentence if the constraints on what builds packages would have to be copied."""
    is_own = reader.files.is_project(reader.path.parent)
    if poetry.get("build-constraints") and not is_own:
        yield (
            f"{reader.files.shown(reader.path)}: tool.poetry.build-constraints was left out. Copy"
            " it to pyproject.toml if packages of the stage are built from source."
        )


def poetry_requirements(
    dependencies: Mapping[str, Any], where: str, folder: PurePath
) -> Iterator[ImportedRequirement]:
    """Yield the requirements of a table of dependencies; raises FtiError for a wrong version."""
    for name, value in dependencies.items():
        for each in array(value) or [value]:
            item = {"version": each} if isinstance(each, str) else table(each)
            place = f"{where}: {in_one_line(name)}"
            found = ImportedRequirement(
                name=name,
                extras=tuple(sorted(strings(item.get("extras")))),
                specifier=specifiers_of(string(item.get("version")), place),
                marker=string(item.get("markers")),
                prereleases=True in (item.get("allow-prereleases"), item.get("allows-prereleases")),
            )
            python = _converted(python_marker, string(item.get("python")), place)
            found = limited(found, python)
            found = limited(found, system_marker(string(item.get("platform"))))
            yield placed(found, item, folder)


def _is_optional(value: object) -> bool:
    return any(table(each).get("optional") is True for each in array(value) or [value])


def _with_included(
    name: str,
    groups: Mapping[str, list[ImportedRequirement]],
    poetry: Mapping[str, Any],
    including: tuple[str, ...],
) -> Iterator[ImportedRequirement]:
    """Yield the requirements of a group and of those that it includes."""
    yield from groups.get(name, [])
    for other in strings(table(poetry, "group", name).get("include-groups")):
        if other not in including and other != name:
            yield from _with_included(other, groups, poetry, (*including, name))


def specifiers_of(constraint: str, where: str) -> str:
    """Return a constraint of Poetry as specifiers; alternatives allow what is between them, too.

    Raises FtiError if it is not valid.
    """
    return _converted(specifiers, constraint, where)


def _converted(convert: Callable[[str], str], constraint: str, where: str) -> str:
    try:
        return convert(constraint)
    except ValueError as error:
        raise FtiError(f"{where}: {quoted(constraint)} is not a version constraint.") from error


def _completed(
    standard: Iterable[ImportedRequirement], poetry: Iterable[ImportedRequirement]
) -> tuple[ImportedRequirement, ...]:
    """Return requirements in the standard form with the places that Poetry's form adds.

    Where there is no standard form, those in Poetry's form are returned.
    """
    standard, poetry = list(standard), list(poetry)
    if not standard:
        return tuple(merged(poetry))
    return tuple(placed for each in standard for placed in _with_places(each, poetry))


def _with_places(
    requirement: ImportedRequirement, poetry: Iterable[ImportedRequirement]
) -> Iterator[ImportedRequirement]:
    places = [each for each in poetry if each.normalized == requirement.normalized]
    if requirement.url or not places:
        yield requirement
        return
    for each in places:
        found = replace(
            requirement,
            url=each.url,
            path=each.path,
            editable=each.editable,
            index=each.index,
            prereleases=each.prereleases,
        )
        yield limited(found, each.marker)


def _indexes(poetry: Mapping[str, Any]) -> Iterator[ImportedIndex]:
    for each in tables(poetry.get("source")):
        name, url = string(each.get("name")), string(each.get("url"))
        # Before Poetry 1.5, sources had flags instead of priorities.
        old = "secondary" if each.get("secondary") is True else ""
        priority = _PRIORITIES.get(string(each.get("priority")) or old, "primary")
        if name.lower() == "pypi":
            yield ImportedIndex(name="PyPI", url="", priority=priority)
        elif name and url:
            yield index_of(url, priority, name)
