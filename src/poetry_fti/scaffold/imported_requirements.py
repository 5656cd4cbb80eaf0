"""Imported requirements as the entries of a dependency group, in either of its two forms."""

from __future__ import annotations

import os.path
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import PurePath

    from poetry_fti.model.imported import ImportedRequirement

_GIT: Final = re.compile(
    r"git\+(?P<url>[^#]+?)(?:@(?P<rev>[^@/#:]+(?:/[^@#:]+)*))?(?:#(?P<rest>.*))?"
)


def standard_form(requirement: ImportedRequirement) -> str:
    """Return a requirement as PEP 508; one on a path has only its name there."""
    extras = f"[{','.join(requirement.extras)}]" if requirement.extras else ""
    url = f" @ {requirement.url}" if requirement.url else ""
    marker = f" ; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}{extras}{bounds_first(requirement.specifier)}{url}{marker}"


def bounds_first(specifiers: str) -> str:
    """Return version specifiers in the usual order: lower bounds, upper bounds, excluded versions.

    `packaging` sorts them as text, which puts `<2` before `>=1`.
    """
    return ",".join(sorted(specifiers.split(","), key=_rank))


def _rank(specifier: str) -> int:
    operator = specifier.strip()[:2]
    return 2 if operator == "!=" else int(operator.startswith("<"))


def details(requirements: Sequence[ImportedRequirement], root: PurePath) -> Any:  # noqa: ANN401 - any TOML value
    """Return what `[tool.poetry.group]` adds to a package's PEP 735 form, such as its source.

    Where a package has several requirements, each has its marker. Paths are relative to the
    project's root. Returns an empty table or list if there is nothing to add.
    """
    if len(requirements) == 1:
        return _details(requirements[0], root)
    found = ((each, _details(each, root)) for each in requirements)
    return [
        {**table, **({"markers": each.marker} if each.marker else {})}
        for each, table in found
        if table
    ]


def _details(requirement: ImportedRequirement, root: PurePath) -> dict[str, Any]:
    if requirement.path is not None:
        path = _relative(requirement.path, root)
        return {"path": path, **({"develop": True} if requirement.editable else {})}
    source = {"source": requirement.index} if requirement.index else {}
    return {**source, **({"allow-prereleases": True} if requirement.prereleases else {})}


def _relative(path: PurePath, root: PurePath) -> str:
    try:
        return os.path.relpath(path, root).replace(os.sep, "/")
    except ValueError:  # on another drive of Windows
        return path.as_posix()


def poetry_form(requirements: Iterable[ImportedRequirement], root: PurePath) -> Any:  # noqa: ANN401 - any TOML value
    """Return the value of a package's key in `[tool.poetry.group.<name>.dependencies]`."""
    values = [_poetry_value(each, root) for each in requirements]
    if len(values) > 1:
        return values
    (value,) = values
    return value["version"] if set(value) == {"version"} else value


def _poetry_value(requirement: ImportedRequirement, root: PurePath) -> dict[str, Any]:
    value = _details(requirement, root)
    if requirement.url:
        value |= _from_url(requirement.url)
    elif requirement.path is None:
        value = {"version": bounds_first(requirement.specifier) or "*", **value}
    if requirement.extras:
        value["extras"] = list(requirement.extras)
    if requirement.marker:
        value["markers"] = requirement.marker
    return value


def _from_url(url: str) -> dict[str, Any]:
    git = _GIT.fullmatch(url)
    if git is None:
        return {"url": url}
    rest = git["rest"] or ""
    subdirectory = rest.partition("subdirectory=")[2].partition("&")[0]
    return {
        "git": git["url"],
        **({"rev": git["rev"]} if git["rev"] else {}),
        **({"subdirectory": subdirectory} if subdirectory else {}),
    }
