"""`poetry fti report`: the file and the Markdown of a project, with and without its history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from canned_report import SMALL
from fast.conftest import filled, project_in
from git_program import commit_all, git
from memory_commands import Ended, run
from poetry_fti.commands.shared.reports.markdown import report_markdown
from poetry_fti.operations.report.gather import gather_report
from poetry_fti.report.data import Cell, Edge, Move, Package, StagePoint
from small_index import pyproject

if TYPE_CHECKING:
    from pathlib import Path

    from memory_index import MemoryProject

pytestmark = pytest.mark.slow

GROUPS: Final = {
    "feature": ["app"],
    "training": ["app", "lib<2", "tool"],
    "inference": ["app", "solo"],
}


@pytest.fixture(scope="module")
def _before(tmp_path_factory: pytest.TempPathFactory) -> MemoryProject:
    """A repository in which `training` and then `inference` have been locked."""
    with project_in(tmp_path_factory.mktemp("report")) as project:
        project.index.offer(
            {
                "app 1.0": ["lib"],
                "lib 1.0": [],
                "lib 2.0": ["size 3000"],
                "part 1.0": [],
                "solo 3.0": ["part"],
                "tool 1.0": ["part", "deep"],
                "deep 1.0": ["size 7000000"],
            }
        )
        git(project.root, "init", "--quiet")
        project.write(pyproject({**GROUPS, "training": ["app", "lib<2"]}))
        project.lock("training", aligned=False)
        commit_all(project.root)
        (project.root / "README.md").write_text("no lock\n", encoding="utf-8")
        commit_all(project.root)
        project.write(pyproject(GROUPS))
        project.lock(aligned=False)
        git(project.root, "add", "--all")
        git(project.root, "commit", "--quiet", "--message", "Lock <all> stages")
    return project


@pytest.fixture
def locked(_before: MemoryProject, demo: MemoryProject) -> MemoryProject:
    """Three locked stages, of which `training` has an older version of `lib`."""
    return filled(demo, _before)


def test_the_page_is_written_and_then_unchanged(locked: MemoryProject, tmp_path: Path) -> None:
    assert run(locked, "report") == Ended(0, "wrote report.html\n")
    page = (locked.root / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>\n")
    assert run(locked, "report") == Ended(0, "unchanged report.html\n")
    other = tmp_path / "new" / "page.html"
    assert run(locked, "report", "--output", str(other)) == Ended(0, f"wrote {other}\n")
    assert other.read_text(encoding="utf-8") == page
    assert str(locked.root) not in page


def test_neither_the_network_nor_the_solver_is_used(locked: MemoryProject) -> None:
    locked.index.sites.clear()
    requests = len(locked.index.requests)
    assert run(locked, "report").code == 0
    assert len(locked.index.requests) == requests


def test_git_is_run_for_the_history_only(
    locked: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert run(locked, "report").code == 0
    ended = run(locked, "report", "--history", "1")
    assert ended.code == 1
    assert ended.errors == "The program git is not installed, or not on PATH. Install it.\n"


def test_a_folder_is_no_output(locked: MemoryProject, tmp_path: Path) -> None:
    ended = run(locked, "report", "--output", str(tmp_path))
    assert (ended.code, ended.output) == (1, "")
    assert ended.errors.startswith(f"{tmp_path}: ")


def test_markdown_of_all_stages(locked: MemoryProject) -> None:
    ended = run(locked, "report", "--format", "markdown")
    assert (ended.code, ended.errors) == (0, "")
    assert (
        ended.output
        == """\
### demo: dependencies of the stages

3 stages with 6 packages: 3 in several stages, 1 at different versions. 0 errors, 0 warnings.

**Stages**

| Stage | Packages | Direct | Only here | Download | Heaviest packages |
| --- | --- | --- | --- | --- | --- |
| feature | 2 | 1 | 0 | 4 kB | lib 3 kB, app 1 kB |
| training | 5 | 3 | 2 | 7 MB | deep 7 MB, app 1 kB, lib 1 kB |
| inference | 4 | 2 | 1 | 6 kB | lib 3 kB, app 1 kB, part 1 kB |

**Differences**

| Package | Severity | Versions | Reasons |
| --- | --- | --- | --- |
| lib | different | 2.0 in feature and inference; 1.0 in training | training: pyproject.toml \
requires lib &#60;2 |

**Images**

| Stage | Download | Layers | Shared layers |
| --- | --- | --- | --- |
| feature | 4 kB | 3 | - |
| training | 7 MB | 4 | - |
| inference | 6 kB | 3 | - |
"""
    )


def test_markdown_of_a_report_with_everything() -> None:
    assert (
        "".join(f"{line}\n" for line in report_markdown(SMALL))
        == """\
### demo: dependencies of the stages

3 stages with 4 packages: 3 in several stages, 2 at different versions. 1 error, 0 warnings. \
Images share packages: 20 MB in inference and training.

**Stages**

| Stage | Packages | Direct | Only here | Download | Heaviest packages |
| --- | --- | --- | --- | --- | --- |
| feature | 1 | 1 | 1 | 2 kB | app 2 kB |
| training | 4 | 1 | 1 | 620 MB | torch 600 MB, numpy 20 MB, app 2 kB |
| inference | 3 | 1 | 1 | 15 MB | numpy 15 MB, app 2 kB |

**Differences**

| Package | Severity | Versions | Reasons |
| --- | --- | --- | --- |
| numpy | error | 2.0 in training; 1.0 in inference | inference: pyproject.toml requires numpy \
&#60;2 |
| tool | different | 1.1 in training; 1.0 in inference | - |

**Images**

| Stage | Download | Layers | Shared layers |
| --- | --- | --- | --- |
| training | 20 MB | 1 | shared-numpy with inference |
| inference | 20 MB | 1 | shared-numpy with training |

**Findings**

| Level | Check | Stage | Finding |
| --- | --- | --- | --- |
| error | skew | inference | What training saves with numpy 2.0, inference loads with numpy 1.0 \
(pyproject.toml requires numpy &#60;2). Add a rule. |

**Changes of the locks**

| Commit | Subject | Changes |
| --- | --- | --- |
| the working tree | - | training: 2 changes, inference: new |
| c0ffee0000 (2026-01-02) | Lock | 1 stage locked |
"""
    )


def test_markdown_can_be_written_to_a_file(locked: MemoryProject, tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    words = ("report", "--format", "markdown")
    assert run(locked, *words, "-o", str(path)) == Ended(0, f"wrote {path}\n")
    assert path.read_text(encoding="utf-8") == run(locked, *words).output


def test_packages_with_their_severity_and_requirements(locked: MemoryProject) -> None:
    report = gather_report(locked.load())
    assert report.packages[2] == Package(
        name="lib",
        cells={
            "feature": Cell(versions="2.0", is_direct=False, is_behind=False, size=3000),
            "training": Cell(versions="1.0", is_direct=True, is_behind=True, size=1000),
            "inference": Cell(versions="2.0", is_direct=False, is_behind=False, size=3000),
        },
        differs=True,
        severity="different",
        reasons=("training: pyproject.toml requires lib <2",),
    )
    assert report.edges == (
        Edge("", "app", "app (group feature)", ("feature",)),
        Edge("", "app", "app (group inference)", ("inference",)),
        Edge("", "app", "app (group training)", ("training",)),
        Edge("", "lib", "lib <2 (group training)", ("training",)),
        Edge("", "solo", "solo (group inference)", ("inference",)),
        Edge("", "tool", "tool (group training)", ("training",)),
        Edge("app", "lib", "lib", ("feature", "training", "inference")),
        Edge("solo", "part", "part", ("inference",)),
        Edge("tool", "deep", "deep", ("training",)),
        Edge("tool", "part", "part", ("training",)),
    )


def test_a_finding_is_more_severe_than_a_difference(locked: MemoryProject) -> None:
    rule = '[[tool.fti.align]]\npackages = ["lib"]\nlevel = "exact"\n'
    locked.write(pyproject(GROUPS, rule))
    (lib,) = [each for each in gather_report(locked.load()).packages if each.name == "lib"]
    assert lib.severity == "error"
    assert lib.findings == (
        (
            "error [align]: lib violates a rule: 2.0 in feature and inference, 1.0 in training"
            " (tool.fti.align[0] demands the same version in feature, training and inference)."
            " Run `poetry fti lock`"
        ),
    )


def test_the_history_has_the_commits_that_changed_a_lock(locked: MemoryProject) -> None:
    history = gather_report(locked.load(), 10).history
    assert history
    first, second = history.moments
    assert (first.subject, second.subject) == ("x", "Lock <all> stages")
    assert second.commit == git(locked.root, "rev-parse", "--short=10", "HEAD")
    assert first.stages == {"training": StagePoint(packages=2, download=2000)}
    assert second.stages["training"] == StagePoint(
        packages=5,
        download=7_004_000,
        moves=(Move("deep", "", "1.0"), Move("part", "", "1.0"), Move("tool", "", "1.0")),
    )
    assert second.stages["feature"] == StagePoint(packages=2, download=4000)
    assert history.note == ""


def test_the_history_ends_with_the_working_tree_if_it_differs(locked: MemoryProject) -> None:
    locked.write(pyproject({**GROUPS, "training": ["app"]}))
    locked.lock("training")
    history = gather_report(locked.load(), 1).history
    assert history
    before, now = history.moments
    assert (now.commit, now.date, now.subject) == ("", "", "")
    assert now.stages["training"].moves == (
        Move("deep", "1.0", ""),
        Move("part", "1.0", ""),
        Move("tool", "1.0", ""),
    )
    assert now.stages["feature"] == before.stages["feature"]
    assert history.note == "Earlier commits are left out."


def test_a_repository_without_a_commit(demo: MemoryProject, locked: MemoryProject) -> None:
    locked.root.joinpath(".git").rename(demo.root.parent / "old")
    git(locked.root, "init", "--quiet")
    history = gather_report(locked.load(), 5).history
    assert history
    assert [moment.commit for moment in history.moments] == [""]


def test_a_folder_outside_of_a_repository_has_no_history(
    locked: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked.root.joinpath(".git").rename(locked.root.parent / "old")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(locked.root.parent))
    assert run(locked, "report").code == 0
    ended = run(locked, "report", "--history", "5")
    assert ended.code == 1
    assert "is not in a git repository. Run `git init`, or change to a clone." in ended.errors


@pytest.mark.parametrize("number", ["0", "501", "-1", "many", ""])
def test_a_history_needs_a_number_of_commits(locked: MemoryProject, number: str) -> None:
    ended = run(locked, "report", f"--history={number}")
    assert ended == Ended(2, "", "--history takes a number of commits from 1 to 500.\n")


def test_an_unknown_format(locked: MemoryProject) -> None:
    assert run(locked, "report", "--format", "pdf") == Ended(
        2, "", 'Unknown report format "pdf" (known: html, markdown).\n'
    )


def test_stale_and_missing_locks_are_reported_and_shown(locked: MemoryProject) -> None:
    locked.write(pyproject({**GROUPS, "training": ["app", "lib<2"]}))
    (locked.root / "fti/feature/poetry.lock").unlink()
    ended = run(locked, "report")
    assert ended == Ended(
        0,
        "wrote report.html\n",
        "Warning: fti/feature/poetry.lock is missing. Run `poetry fti lock feature`.\n"
        "Warning: fti/training/poetry.lock does not match pyproject.toml."
        " Run `poetry fti lock training`.\n",
    )
    report = gather_report(locked.load())
    assert [(each.name, each.is_readable, each.packages) for each in report.stages] == [
        ("feature", False, 0),
        ("training", True, 5),
        ("inference", True, 4),
    ]
    assert {each.stage for each in report.images if each.problem} == {"feature", "training"}


@pytest.mark.parametrize("text", ["garbage", "<<<<<<< a\n=======\n>>>>>>> b\n", "\x00"])
def test_a_damaged_lock_is_left_out(locked: MemoryProject, text: str) -> None:
    (locked.root / "fti/training/poetry.lock").write_text(text, encoding="utf-8")
    ended = run(locked, "report", "--format", "markdown", "--history", "5")
    assert ended.code == 0
    assert ended.errors.startswith("Warning: fti/training/poetry.lock c")
    assert "\n| training | " not in ended.output
    assert "\n| the working tree | - | training: no readable lock |\n" in ended.output


def test_a_linked_output_is_not_followed_out_of_its_folder(
    locked: MemoryProject, tmp_path: Path
) -> None:
    target = tmp_path / "elsewhere" / "page.html"
    target.parent.mkdir()
    (locked.root / "report.html").symlink_to(target)
    ended = run(locked, "report")
    assert ended.code == 1
    assert "The symbolic link report.html leads out of the project." in ended.errors
    assert not target.exists()


def test_sizes_that_no_cache_has_are_unknown(locked: MemoryProject) -> None:
    locked.clear_cache()
    report = gather_report(locked.load())
    assert report.stages[0].download.unknown == ("app", "lib")
    assert report.images[0].problem == (
        "The sizes of 2 packages are not known. Look them up with `poetry fti image feature`."
    )
