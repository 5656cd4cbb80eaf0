"""Two branches that both changed a stage's lock: the merge keeps what either has."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from harness import snapshot
from small_index import lab, pyproject

if TYPE_CHECKING:
    from pathlib import Path

    from small_index import Lab, Releases

pytestmark = pytest.mark.newest_only

OLD: Releases = {"app 1.0": ["lib"], "lib 1.0": [], "mid 1.0": [], "zoo 1.0": []}
NEXT: Releases = {**OLD, "lib 1.5": [], "mid 1.5": [], "zoo 1.5": []}
NEW: Releases = {**NEXT, "app 2.0": ["lib"], "lib 2.0": [], "mid 2.0": [], "zoo 2.0": []}
BASE = {"feature": ["app"], "training": ["app"]}


@pytest.fixture
def demo(tmp_path: Path) -> Lab:
    """A project with locks in a git repository."""
    demo = lab(tmp_path)
    demo.write(pyproject(BASE))
    demo.lock(OLD)
    git(demo, "init", "--quiet", "--initial-branch", "ours")
    git(demo, "config", "user.name", "tester")
    git(demo, "config", "user.email", "tester@example.org")
    commit(demo)
    git(demo, "branch", "theirs")
    return demo


def git(demo: Lab, *words: str) -> int:
    return subprocess.run(
        ["git", *words], cwd=demo.root, check=False, capture_output=True
    ).returncode


def commit(demo: Lab) -> None:
    git(demo, "add", "--all")
    assert git(demo, "commit", "--quiet", "--message", "change") == 0


def merge(demo: Lab, *, training: list[str]) -> None:
    """Merge the other branch, and solve the conflict of pyproject.toml by hand."""
    assert git(demo, "merge", "theirs") == 1
    assert "<<<<<<<" in lock(demo)
    demo.write(pyproject({**BASE, "training": training}))


def lock(demo: Lab) -> str:
    return (demo.root / "fti" / "training" / "poetry.lock").read_text(encoding="utf-8")


def change(demo: Lab, releases: Releases, *, training: list[str]) -> None:
    """Ask for something else on the current branch, lock it and commit."""
    demo.write(pyproject({**BASE, "training": training}))
    demo.lock(releases)
    commit(demo)


def added_on_both_branches(demo: Lab) -> None:
    """Add `mid` on one branch, `zoo` on the other; newer ones of all are out by the merge."""
    change(demo, OLD, training=["app", "mid"])
    git(demo, "checkout", "--quiet", "theirs")
    change(demo, NEXT, training=["app", "zoo"])
    git(demo, "checkout", "--quiet", "ours")
    merge(demo, training=["app", "mid", "zoo"])


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_each_package_keeps_the_version_of_the_branch_that_added_it(style: str, demo: Lab) -> None:
    git(demo, "config", "merge.conflictStyle", style)
    added_on_both_branches(demo)
    assert demo.lock(NEW) == [
        "feature: fresh, 2 packages",
        "training: locked 4 packages",
        "",
        "2 packages are shared between stages, all at the same version.",
    ]
    assert demo.locked["training"] == "app 1.0, lib 1.0, mid 1.0, zoo 1.5"
    assert not {"<<<<<<<", "=======", ">>>>>>>"} & set(lock(demo).split())
    assert demo.lock(NEW, "--check") == ["2 locks checked: all fresh."]


def test_a_package_that_one_branch_updated_has_the_newer_version(demo: Lab) -> None:
    change(demo, OLD, training=["app", "mid"])
    git(demo, "checkout", "--quiet", "theirs")
    demo.write(pyproject({**BASE, "training": ["app", "zoo"]}))
    assert demo.run(NEXT, "fti", "update", "lib").code == 0
    commit(demo)
    git(demo, "checkout", "--quiet", "ours")
    merge(demo, training=["app", "mid", "zoo"])
    demo.lock(NEW)
    assert demo.locked == {
        "feature": "app 1.0, lib 1.5",
        "training": "app 1.0, lib 1.5, mid 1.0, zoo 1.5",
    }


def test_of_a_package_that_both_branches_added_the_newer_version_is_taken(demo: Lab) -> None:
    change(demo, NEXT, training=["app", "mid"])
    git(demo, "checkout", "--quiet", "theirs")
    change(demo, OLD, training=["app", "mid"])
    git(demo, "checkout", "--quiet", "ours")
    merge(demo, training=["app", "mid"])
    demo.lock(NEW)
    assert demo.locked["training"] == "app 1.0, lib 1.0, mid 1.5"


def test_a_package_that_a_branch_removed_is_gone(demo: Lab) -> None:
    change(demo, OLD, training=["app", "mid", "zoo"])
    git(demo, "branch", "--force", "theirs")
    change(demo, NEXT, training=["app", "zoo>=1.1"])
    git(demo, "checkout", "--quiet", "theirs")
    change(demo, NEXT, training=["app", "mid", "zoo!=1.0"])
    git(demo, "checkout", "--quiet", "ours")
    merge(demo, training=["app", "zoo>=1.1"])
    demo.lock(NEW)
    assert demo.locked["training"] == "app 1.0, lib 1.0, zoo 1.5"


def test_other_commands_say_what_to_run(demo: Lab) -> None:
    added_on_both_branches(demo)
    before = snapshot(demo.root / "fti")
    rebuild = (
        "fti/training/poetry.lock contains merge markers. Rebuild it from both sides with"
        " `poetry fti lock training`.\n"
    )
    check = demo.run(NEW, "fti", "lock", "--check")
    assert (check.code, check.output, check.errors) == (3, "", rebuild)
    export = demo.run(NEW, "fti", "export")
    assert (export.code, export.output, export.errors) == (1, "", rebuild)
    listed = demo.run(NEW, "fti", "list")
    assert (listed.code, listed.errors) == (0, "")
    assert (
        listed.output
        == """\
Stage     Kind      Groups    Python  Platforms  Lock    Packages
feature   feature   feature   >=3.11  any        fresh   2
training  training  training  >=3.11  any        broken  -
training: the lock cannot be read: it contains merge markers

Run poetry fti lock to lock the stages that are not fresh.
"""
    )
    assert snapshot(demo.root / "fti") == before


def test_a_conflict_in_pyproject_toml_has_to_be_solved_first(demo: Lab) -> None:
    change(demo, OLD, training=["app", "mid"])
    git(demo, "checkout", "--quiet", "theirs")
    change(demo, NEXT, training=["app", "zoo"])
    assert git(demo, "merge", "ours") == 1
    before = snapshot(demo.root)
    error = "pyproject.toml contains merge markers: resolve the conflict first.\n"
    for words in (["lock"], ["lock", "--check"], ["list"], ["export"], ["update"]):
        result = demo.run(NEW, "fti", *words)
        assert (result.code, result.output, result.errors) == (2, "", error)
    assert snapshot(demo.root) == before
