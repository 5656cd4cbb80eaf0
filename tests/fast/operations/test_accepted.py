"""A project that Poetry has accepted is not validated again until something changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from poetry.core.factory import logger
from poetry.factory import Factory

from memory_commands import run
from poetry_fti.bridge import accepted
from poetry_fti.errors import FtiError
from poetry_fti.operations.project import load_project
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Callable

    from memory_index import MemoryProject

VALID: Final = pyproject({"training": ["lib"]})
DEPRECATED: Final = '[tool.poetry.dev-dependencies]\nlib = "*"\n'


@pytest.fixture
def validations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets an element whenever Poetry validates a project."""
    found: list[int] = []
    validate = Factory.validate

    def counting(*arguments: object) -> object:
        found.append(len(found))
        return validate(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Factory, "validate", counting)
    return found


def load(demo: MemoryProject) -> None:
    demo.load()


def lock(demo: MemoryProject) -> None:
    demo.lock(regenerate=True)


@pytest.fixture
def valid(demo: MemoryProject) -> MemoryProject:
    demo.index.offer({"lib 1.0": []})
    demo.write(VALID)
    return demo


@pytest.mark.parametrize("first", [load, pytest.param(lock, marks=pytest.mark.slow)])
@pytest.mark.parametrize("second", [load, lock])
def test_an_unchanged_project_is_validated_once(
    valid: MemoryProject,
    validations: list[int],
    first: Callable[[MemoryProject], None],
    second: Callable[[MemoryProject], None],
) -> None:
    first(valid)
    assert len(validations) == 1
    second(valid)
    assert len(validations) == 1


def test_another_project_is_validated(valid: MemoryProject, validations: list[int]) -> None:
    valid.load()
    valid.write(f"{VALID}[tool.another]\nkey = 1\n")
    valid.load()
    assert len(validations) == 2


@pytest.mark.parametrize("check", [True, False])
def test_an_error_in_a_project_that_was_accepted_is_reported(
    valid: MemoryProject, *, check: bool
) -> None:
    valid.load()
    valid.write(f"{VALID}[tool.poetry]\nunknown = 1\n")
    with pytest.raises(FtiError, match="unknown"):
        load_project(valid.root, valid.index.create_poetry, check=check).require_accepted()


def test_another_version_of_poetry_validates_again(
    valid: MemoryProject, validations: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    valid.load()
    monkeypatch.setattr(accepted, "poetry_version", lambda: "2.99")
    valid.load()
    assert len(validations) == 2


def test_warnings_are_repeated(valid: MemoryProject, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(logger, "warning", warnings.append)
    valid.write(f"{VALID}{DEPRECATED}")
    valid.load()
    valid.load()
    assert len(warnings) == 2
    assert len(set(warnings)) == 1


def test_a_cache_that_cannot_be_written_is_no_error(
    valid: MemoryProject, validations: list[int]
) -> None:
    valid.cache.mkdir(exist_ok=True)
    (valid.cache / "poetry-fti").write_text("not a folder")
    valid.load()
    valid.load()
    assert len(validations) == 2


@pytest.mark.parametrize("options", ["", "--check"])
def test_fresh_locks_do_not_hide_what_poetry_rejects(
    valid: MemoryProject, validations: list[int], options: str
) -> None:
    lock(valid)
    valid.write(f"{VALID}[tool.poetry]\nunknown = 1\n")
    found = run(valid, f"lock {options}")
    assert (found.code, found.output) == (2, "")
    assert found.errors == (
        "pyproject.toml: The Poetry configuration is invalid:\n"
        "  - Additional properties are not allowed ('unknown' was unexpected)\n"
    )
    valid.write(f"{VALID}[tool.another]\n")
    validations.clear()
    assert [run(valid, f"lock {options}").code for _ in range(2)] == [0, 0]
    assert len(validations) == 1
