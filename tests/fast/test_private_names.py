"""The private names that are relied on: listed, probed, and accessed in one place."""

from __future__ import annotations

import ast
import inspect
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import poetry_fti
from poetry_fti.bridge.internals import locker, solver, versions
from poetry_fti.bridge.internals.listing import PRIVATE_NAMES, plain_path_notice
from poetry_fti.bridge.internals.private_name import exists
from poetry_fti.bridge.internals.versions import NEWEST_TESTED, OLDEST_TESTED, unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.bridge.internals.private_name import PrivateName

SOURCE: Final = Path(poetry_fti.__file__).parent
INTERNALS: Final = SOURCE / "bridge" / "internals"
MODULES: Final = [path for path in sorted(SOURCE.rglob("*.py")) if INTERNALS not in path.parents]
FOREIGN: Final = ("poetry.", "cleo.", "cachecontrol.")
LISTED: Final = {private.name for private in PRIVATE_NAMES}


def test_each_name_exists() -> None:
    assert [str(private) for private in PRIVATE_NAMES if not exists(private)] == []


def test_each_name_is_listed_once() -> None:
    assert len({str(private) for private in PRIVATE_NAMES}) == len(PRIVATE_NAMES)


def test_stages_are_solved_with_them() -> None:
    assert plain_path_notice() is None


@pytest.mark.parametrize(
    "private",
    [
        replace(solver.LOCKED, name="_renamed"),
        replace(solver.LOCKED, owner="Renamed"),
        replace(solver.LOCKED, module="poetry.puzzle.renamed"),
        replace(solver.LOCKED, owner="cast"),  # a function
        replace(solver.OVERRIDES_MARKER, name="_renamed"),
        replace(locker.VERSION, name="_RENAMED"),
        replace(locker.GET_LOCKED_PACKAGE, name="_renamed"),
        replace(locker.GET_LOCKED_PACKAGE, parameters=("info", "renamed")),
        replace(locker.NAMES[-1], name="renamed"),
    ],
    ids=str,
)
def test_what_is_missing_is_found(private: PrivateName) -> None:
    assert not exists(private)


def test_the_error_of_a_command_that_needs_a_name() -> None:
    from poetry.__version__ import __version__  # noqa: PLC0415

    assert str(unsupported("show an environment", solver.LOCKED)) == (
        f"Poetry {__version__} has no Provider._locked, without which poetry-fti cannot show an"
        " environment. poetry-fti is tested with Poetry 2.3 to 2.5."
    )


def test_the_tested_versions_are_those_that_are_allowed() -> None:
    pyproject = (SOURCE.parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert f'"poetry >={OLDEST_TESTED[0]}.{OLDEST_TESTED[1]},<{NEWEST_TESTED[0] + 1}"' in pyproject


def test_the_docs_name_the_tested_versions() -> None:
    page = SOURCE.parents[1] / "docs" / "explanation" / "poetry-commands.md"
    text = page.read_text(encoding="utf-8")
    assert f"poetry-fti is tested with Poetry {versions.tested_versions()}." in text
    assert f"is newer than {versions.newest_tested()}, the newest version" in text


def test_no_private_name_is_accessed_elsewhere() -> None:
    assert not [path for path in MODULES if "SLF001" in path.read_text(encoding="utf-8")]


def test_a_name_is_in_one_module() -> None:
    texts = [path.read_text(encoding="utf-8") for path in INTERNALS.glob("*.py")]
    counts = {each.name: sum(f'"{each.name}"' in text for text in texts) for each in PRIVATE_NAMES}
    assert {name for name, count in counts.items() if count != 1} == set()


@pytest.mark.slow
def test_subclasses_override_only_listed_names() -> None:
    """A private name of a library's class is overridden if it is listed, and never read."""
    found = {name for path in MODULES for name in _unlisted(path)}
    assert found == set()


def _unlisted(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the classes of a module with the private names that they should not use."""
    module = import_module(
        ".".join(("poetry_fti", *path.relative_to(SOURCE).with_suffix("").parts))
    )
    found = {
        name: set(_foreign_names(each))
        for name, each in vars(module).items()
        if getattr(each, "__module__", None) == module.__name__
    }
    if not any(found.values()):
        return
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            names = found[node.name]
            used = set(_read(node)) & names | (set(_overridden(node)) & names) - LISTED
            yield from ((node.name, name) for name in used)


def _foreign_names(each: object) -> Iterator[str]:
    """Yield the private names that a class has from those of a library."""
    for base in each.__mro__ if isinstance(each, type) else ():
        if base.__module__.startswith(FOREIGN):
            yield from _private_names(base)


@cache
def _private_names(owner: type) -> frozenset[str]:
    """Return the private names that a class of a library has or uses."""
    names = set(vars(owner))
    for member in vars(owner).values():
        for function in (member, getattr(member, "fget", None), getattr(member, "func", None)):
            if inspect.isfunction(function):
                names.update(function.__code__.co_names)
    return frozenset(filter(_is_private, names))


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _read(node: ast.ClassDef) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name):
            yield each.attr


def _overridden(node: ast.ClassDef) -> Iterator[str]:
    for each in node.body:
        if isinstance(each, ast.FunctionDef):
            yield each.name
