"""`poetry fti lock`: what it writes is what plain Poetry writes for the derived project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness import Poetry

PROJECTS = ("tabular", "deep", "fleet", "migrant", "tiny")


def stage_folders(root: Path) -> list[Path]:
    return sorted(path.parent for path in root.glob("*/*/poetry.lock"))


@pytest.mark.parametrize("name", PROJECTS)
def test_a_lock_is_what_plain_poetry_writes_on_the_derived_project(
    name: str, project: Callable[[str], Path], poetry: Poetry
) -> None:
    root = project(name)
    poetry.ok(root, "fti", "lock")
    poetry.ok(root, "fti", "export", "--format", "pyproject")
    folders = stage_folders(root)
    assert folders
    for folder in folders:
        lock = folder / "poetry.lock"
        ours = lock.read_bytes()
        lock.unlink()
        poetry.ok(folder, "lock", "--no-plugins")
        assert lock.read_bytes() == ours, folder.name
        poetry.ok(folder, "check", "--lock", "--no-plugins")


def test_no_virtual_environment_is_created_by_locking(
    project: Callable[[str], Path], poetry: Poetry
) -> None:
    root = project("tiny")
    before = snapshot(root).keys()
    poetry.ok(root, "fti", "lock")
    added = snapshot(root).keys() - before
    assert added == {
        "fti/feature/poetry.lock",
        "fti/training/poetry.lock",
        "fti/inference/poetry.lock",
    }
    assert poetry.ok(root, "env", "list") == ""


def test_a_first_lock_says_what_it_locked_and_where_the_stages_differ(
    project: Callable[[str], Path], poetry: Poetry
) -> None:
    root = project("tiny")
    lines = poetry.ok(root, "fti", "lock").splitlines()
    assert [line.rpartition(" in ")[0] for line in lines[:3]] == [
        "feature: locked 3 packages",
        "training: locked 7 packages",
        "inference: locked 8 packages",
    ]
    assert lines[3:] == [
        "",
        "The stages share 2 packages and differ in 1:",
        "  alpha 2.0 in training and inference, 1.5 in feature",
        "    feature:  sparkish 3.5 requires alpha <2",
    ]
