"""`poetry fti lock`: what it writes is what plain Poetry writes for the derived project."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness import snapshot
from pythons import activated

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness import Poetry

STAGES = ("feature", "training", "inference")
# The stages without platforms, whose locks plain Poetry can write.
PROJECTS = {
    "tabular": STAGES,
    "deep": STAGES[:2],
    "fleet": ("tabular-training",),
    "migrant": STAGES,
    "tiny": STAGES,
}
MARKS = {
    "deep": pytest.mark.generated,  # plain Poetry solves it many times
    "fleet": pytest.mark.newest_only,  # generated projects have such stages, too
    "tabular": pytest.mark.newest_only,
    "tiny": pytest.mark.every_minor,
}
# Requirements that are left out: torch alone makes plain Poetry solve the stage 19 times, and what
# lightning requires makes each of them take three times as long. What the two others require are a
# hundred packages of the same kinds.
LEFT_OUT = {"deep": '"lightning", ', "tabular": ', "great-expectations"|"mlflow"'}


@pytest.fixture
def poetry(poetry: Poetry) -> Poetry:
    """Poetry that solves stages in as many processes as a user's."""
    return replace(poetry, processes=None)


@pytest.mark.parametrize(
    ("name", "stages"),
    [pytest.param(name, stages, marks=MARKS.get(name, ())) for name, stages in PROJECTS.items()],
)
def test_a_lock_is_what_plain_poetry_writes_on_the_derived_project(
    name: str,
    stages: tuple[str, ...],
    project: Callable[[str], Path],
    poetry: Poetry,
    tmp_path: Path,
) -> None:
    root = project(name)
    _leave_out(root / "pyproject.toml", LEFT_OUT.get(name, ""))
    poetry.ok(root, "fti", "lock", "--no-align", *stages)
    poetry.ok(root, "fti", "export", "--format", "pyproject", *stages)
    plain = replace(poetry, environment=activated(poetry.environment, tmp_path / "venv"))
    locks = sorted(root.glob("*/*/poetry.lock"))
    assert {lock.parent.name for lock in locks} == {*stages}
    compared = [_compared(lock, plain) for lock in locks]
    assert all(compared) or sys.version_info < (3, 11)


def _leave_out(pyproject: Path, requirement: str) -> None:
    text = pyproject.read_text(encoding="utf-8")
    changed = re.sub(requirement, "", text)
    assert bool(requirement) == (changed != text)
    pyproject.write_text(changed, encoding="utf-8")


def _compared(lock: Path, poetry: Poetry) -> bool:
    """Compare a lock with plain Poetry's, unless Poetry wants a Python that is not here."""
    ours = lock.read_bytes()
    lock.unlink()
    result = poetry(lock.parent, "lock", "--no-plugins")
    if "is not allowed by the project" in result.errors:
        return False
    assert result.code == 0, result.errors
    assert lock.read_bytes() == ours, lock
    poetry.ok(lock.parent, "check", "--lock", "--no-plugins")
    return True


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
        "3 packages are shared between stages, 1 at different versions:",
        "  alpha 2.0 in training and inference, 1.5 in feature",
        "    feature:  sparkish 3.5 requires alpha <2",
    ]
