"""Pipfile and Pipfile.lock of Pipenv, which complete each other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from poetry_fti.errors import FtiError
from poetry_fti.importers.shared.choice import chosen_environment
from poetry_fti.importers.shared.documents import (
    read_json,
    read_toml,
    string,
    strings,
    table,
    tables,
)
from poetry_fti.importers.shared.indexes import index_of, unverified_note
from poetry_fti.importers.shared.places import placed
from poetry_fti.importers.shared.python import minor_versions
from poetry_fti.importers.shared.quoting import quoted
from poetry_fti.importers.shared.requirements import is_version, pinned_versions
from poetry_fti.model.imported import ImportedIndex, ImportedRequirement, ImportedStage
from poetry_fti.urls import is_pypi
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from packaging.utils import NormalizedName

    from poetry_fti.importers.source import Source

_PIPFILE: Final = "Pipfile"
_LOCK: Final = "Pipfile.lock"
# Tables of a Pipfile that are not categories of packages.
_OTHERS: Final = frozenset({"source", "requires", "scripts", "pipenv", "pipfile", "_meta"})
_MARKERS: Final = (
    *("os_name", "platform_machine", "platform_python_implementation", "platform_release"),
    *("platform_system", "python_version", "python_full_version", "sys_platform"),
)


def read_pipfile(source: Source) -> ImportedStage:
    """Return the environment of a category: the `packages` unless a source names another.

    Raises FtiError if a file is not valid.
    """
    pipfile, lock = (source.path.with_name(name) for name in (_PIPFILE, _LOCK))
    locked: Mapping[str, Any] = read_json(lock, source.files) if source.files.has(lock) else {}
    if source.path.name == _PIPFILE or source.files.has(pipfile):
        data: Mapping[str, Any] = read_toml(pipfile, source.files)
        meta, default = data, "packages"
    else:
        data = locked or read_json(source.path, source.files)
        meta, default = table(data, "_meta"), "default"
    categories = [name for name, each in data.items() if isinstance(each, dict)]
    categories = [name for name in categories if name not in _OTHERS]
    chosen = chosen_environment(source, categories) or default
    found = list(_requirements(table(data, chosen), source))
    own = [each for each in found if each.path and source.files.is_project(each.path)]
    requirements = [each for each in found if each not in own]
    in_lock = {"packages": "default", "dev-packages": "develop"}.get(chosen, chosen)
    indexes = list(_indexes(meta.get("source", meta.get("sources"))))
    known = {each.name for each in indexes}
    return ImportedStage(
        requirements=tuple(_with_known_index(each, known) for each in requirements),
        versions=(*_versions(table(locked, in_lock)), *pinned_versions(requirements)),
        indexes=tuple(indexes),
        python=_python(table(meta, "requires")),
        extras=tuple(dict.fromkeys(extra for each in own for extra in each.extras)),
        notes=tuple(_notes(own, meta, source.name)),
    )


def _notes(
    own: Iterable[ImportedRequirement], meta: Mapping[str, Any], where: str
) -> Iterator[str]:
    """Yield sentences on requirements on the project itself, and settings without a counterpart."""
    for each in own:
        yield f"{where}: {in_one_line(each.name)} is the project itself, which is in every stage."
    for index in tables(meta.get("source", meta.get("sources"))):
        if index.get("verify_ssl") is False:
            yield unverified_note(where, string(index.get("name")))
    if table(meta, "pipenv").get("allow_prereleases") is True:
        yield (
            f"{where}: `allow_prereleases` was left out. Add `allow-prereleases = true` to the"
            " requirements that need it."
        )


def _requirements(packages: Mapping[str, Any], source: Source) -> Iterator[ImportedRequirement]:
    for name, value in packages.items():
        item = {"version": value} if isinstance(value, str) else table(value)
        version = string(item.get("version"))
        where = f"{source.name}: {in_one_line(name)}"
        markers = [string(item.get("markers"))]
        markers += [f"{key} {item[key]}" for key in _MARKERS if string(item.get(key))]
        found = ImportedRequirement(
            name=name,
            extras=tuple(sorted(strings(item.get("extras")))),
            specifier=_specifiers(version, where),
            marker=" and ".join(filter(None, markers)),
        )
        yield placed(found, item, source.path.parent)


def _specifiers(version: str, where: str) -> str:
    try:
        return "" if version == "*" else str(SpecifierSet(version))
    except InvalidSpecifier as error:
        raise FtiError(f"{where}: {quoted(version)} is not a version constraint.") from error


def _versions(locked: Mapping[str, Any]) -> Iterator[tuple[NormalizedName, str]]:
    for name, value in locked.items():
        version = string(table(value).get("version")).removeprefix("==")
        if is_version(version):
            yield canonicalize_name(name), version


def _indexes(sources: object) -> Iterator[ImportedIndex]:
    """Yield the sources besides PyPI; packages come from the first one unless they name another."""
    for position, each in enumerate(tables(sources)):
        url, name = string(each.get("url")), string(each.get("name"))
        if url and not is_pypi(url):
            yield index_of(url, "explicit" if position else "primary", name)
        elif url and position:
            yield ImportedIndex(name="PyPI", url="", priority="supplemental")


def _with_known_index(requirement: ImportedRequirement, known: set[str]) -> ImportedRequirement:
    return requirement if requirement.index in known else replace(requirement, index="")


def _python(requires: Mapping[str, Any]) -> str:
    version = string(requires.get("python_version")) or string(requires.get("python_full_version"))
    return minor_versions([version])
