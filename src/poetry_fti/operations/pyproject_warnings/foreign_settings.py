"""Warnings about settings of uv and PDM that Poetry does not read, with what to write instead."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from poetry_fti.config.messages import dotted
from poetry_fti.errors import FtiError
from poetry_fti.urls import is_pypi, public_text, public_url
from poetry_fti.wording import in_one_line, joined

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.operations.project import Project

# The keys of a source in [tool.uv.sources] that Poetry has, and their names there.
_SOURCE_KEYS: Final = {
    "index": "source",
    "url": "url",
    "git": "git",
    "rev": "rev",
    "tag": "tag",
    "branch": "branch",
    "path": "path",
    "subdirectory": "subdirectory",
    "editable": "develop",
    "marker": "markers",
}
_MAIN: Final = ("tool", "poetry", "dependencies")
_ORIGINS: Final = frozenset({"source", "url", "git", "path"})
_DEFAULT_TOO: Final = 'with name = "PyPI" and priority = "supplemental" for other packages'


def foreign_warnings(project: Project) -> list[str]:
    """Return a warning for each setting of uv or PDM that Poetry's settings do not repeat."""
    tool = _table(project.pyproject, "tool")
    uv, pdm = _table(tool, "uv"), _table(tool, "pdm")
    found = [
        *_index_warnings(project, [*_uv_indexes(uv), *_pdm_indexes(pdm)]),
        *_source_warnings(project.pyproject, _table(uv, "sources"), _unneeded(uv)),
        *_bound_warnings(project, uv),
    ]
    return [in_one_line(public_text(text)) for text in found]


def _uv_indexes(uv: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the path of each index with its table in the form of `[[tool.uv.index]]`."""
    for position, index in enumerate(_tables(uv.get("index"))):
        yield f"tool.uv.index[{position}]", index
    for url in _strings(uv.get("index-url")):
        yield "tool.uv.index-url", {"url": url, "default": True}
    for position, url in enumerate(_strings(uv.get("extra-index-url"))):
        yield f"tool.uv.extra-index-url[{position}]", {"url": url}


def _pdm_indexes(pdm: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for position, source in enumerate(_tables(pdm.get("source"))):
        # PDM's name for its default index, which such a source replaces.
        is_default = source.get("name") == "pypi"
        name = None if is_default else source.get("name")
        index = {"url": source.get("url"), "name": name, "default": is_default}
        yield f"tool.pdm.source[{position}]", index


def _index_warnings(
    project: Project, indexes: Iterable[tuple[str, Mapping[str, Any]]]
) -> Iterator[str]:
    named = [(path, index) for path, index in indexes if isinstance(index.get("url"), str)]
    known = _known_urls(project) if named else frozenset()
    # Beside a primary source, Poetry does not search its default index.
    is_replaced = any(index.get("default") for _, index in named)
    for path, index in named:
        if _bare(index["url"]) not in known:
            values = {
                "name": index.get("name") or ("default" if index.get("default") else "private"),
                "url": public_url(index["url"]),
                "priority": "explicit" if index.get("explicit") else "primary",
            }
            keys = joined(f"{key} = {_toml(value)}" for key, value in values.items())
            too = "" if index.get("explicit") or is_replaced else f", and one {_DEFAULT_TOO}"
            yield (
                f"Poetry does not read {path}: its packages would come from another index."
                f" Add [[tool.poetry.source]] with {keys}{too}."
            )


def _known_urls(project: Project) -> frozenset[str]:
    with suppress(FtiError):  # solving reports what Poetry refuses
        return frozenset(_bare(index.url or "") for index in project.poetry.indexes())
    return frozenset()


def _bare(url: str) -> str:
    return public_url(url).rstrip("/")


def _unneeded(uv: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of PyPI as an index, which need no source if no other one comes first."""
    indexes = [index for _, index in _uv_indexes(uv)]
    of_pypi = [each for each in indexes if is_pypi(str(each.get("url")))]
    others = (each for each in indexes if each not in of_pypi and not each.get("explicit"))
    return (
        frozenset()
        if any(others)
        else frozenset(str(each["name"]) for each in of_pypi if "name" in each)
    )


def _source_warnings(
    pyproject: Mapping[str, Any], sources: Mapping[str, Any], unneeded: Container[str]
) -> Iterator[str]:
    for name, value in sources.items():
        missing: dict[str, list[str]] = {}
        for path in _requiring(pyproject, canonicalize_name(name)):
            if not _has_origin(_table(pyproject, *path), canonicalize_name(name)):
                found = [
                    _poetry_source(each)
                    for each in _tables(value)
                    if _is_for(path, each) and str(each.get("index")) not in unneeded
                ]
                if found:
                    written = _toml(found[0] if len(found) == 1 else found)
                    missing.setdefault(written, []).append(f"[{dotted(*path)}]")
        if missing:
            added = joined(
                f"{dotted(name)} = {written} to {joined(paths)}"
                for written, paths in missing.items()
            )
            yield (
                f"Poetry does not read {dotted('tool', 'uv', 'sources', name)}: {name} would come"
                f" from another source. Add {added}."
            )


def _is_for(path: Sequence[str], source: Mapping[str, Any]) -> bool:
    """Return whether a source of uv applies to what the table at a path of Poetry's details."""
    is_main = tuple(path) == _MAIN
    if "group" in source:
        return not is_main and canonicalize_name(str(source["group"])) == canonicalize_name(
            path[-2]
        )
    return is_main or "extra" not in source


def _poetry_source(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return a source of uv as the details of a requirement in Poetry's tables."""
    details = {_SOURCE_KEYS[key]: value for key, value in source.items() if key in _SOURCE_KEYS}
    if source.get("workspace"):
        details = {"path": "PATH", "develop": True, **details}
    if extra := source.get("extra"):
        marker = f"extra == '{extra}'"
        others = details.get("markers")
        details["markers"] = f"({others}) and {marker}" if others else marker
    return details


def _has_origin(table: Mapping[str, Any], package: NormalizedName) -> bool:
    """Return whether a table of Poetry's dependencies contains the origin of a package."""
    return any(
        canonicalize_name(name) == package
        and any(_ORIGINS & each.keys() for each in _tables(value))
        for name, value in table.items()
    )


def _requiring(pyproject: Mapping[str, Any], package: NormalizedName) -> Iterator[tuple[str, ...]]:
    """Yield the path of the table that details the requirements of each group with a package."""
    project = _table(pyproject, "project")
    optional = _table(project, "optional-dependencies").values()
    main = [
        *_strings(project.get("dependencies")),
        *(e for each in optional for e in _strings(each)),
    ]
    if package in _names(main):
        yield _MAIN
    for group, items in _table(pyproject, "dependency-groups").items():
        if package in _names(_strings(items)):
            yield "tool", "poetry", "group", group, "dependencies"


def _bound_warnings(project: Project, uv: Mapping[str, Any]) -> Iterator[str]:
    stages = [each.stage for each in project.stages]
    constraints = _strings(uv.get("constraint-dependencies"))
    if any(not _names(constraints) <= {c.name for c in each.constraints} for each in stages):
        yield (
            "Poetry does not read tool.uv.constraint-dependencies."
            f" Add constraints = {_toml(constraints)} to [tool.fti]."
        )
    overrides = _requirements(uv.get("override-dependencies"))
    if any(not overrides.keys() <= dict(each.overrides).keys() for each in stages):
        values = joined(f"{name} = {_toml(each)}" for name, each in overrides.items())
        yield (
            "Poetry does not read tool.uv.override-dependencies."
            f" Add {values} to [tool.fti.overrides]."
        )
    if uv.get("conflicts") and not project.config.isolated:
        yield (
            "Poetry does not read tool.uv.conflicts. Stages may conflict without it; add"
            " isolated = true to [tool.fti] so that Poetry's own commands ignore them."
        )


def _requirements(items: object) -> dict[NormalizedName, str]:
    """Return the names of valid requirements with their version specifiers."""
    found = {}
    for item in _strings(items):
        with suppress(InvalidRequirement):
            read = Requirement(item)
            found[canonicalize_name(read.name)] = str(read.specifier) or "*"
    return found


def _names(items: Iterable[str]) -> set[NormalizedName]:
    return set(_requirements(list(items)))


def _table(data: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """Return the table at a path; an empty one if there is none."""
    for key in path:
        value = data.get(key)
        data = value if isinstance(value, Mapping) else {}
    return data


def _tables(value: object) -> list[Mapping[str, Any]]:
    """Return the tables of an array, or a table alone."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, Mapping)]


def _strings(value: object) -> list[str]:
    """Return the strings of an array, or a string alone."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def _toml(value: object) -> str:
    """Return a value as it is written in TOML."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_toml(each)}' for key, each in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False, default=str)
