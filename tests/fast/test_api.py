"""The public Python API, over an index in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

import poetry_fti
from git_program import commit_all, git
from memory_index import Recorder
from poetry_fti import (
    AmbiguousPackageError,
    ConfigError,
    FtiError,
    IndexOrigin,
    LockedPackage,
    LockedPackages,
    Project,
    StaleLockError,
)
from poetry_fti.model.check import CHECKS
from poetry_fti.operations import project as operations

if TYPE_CHECKING:
    from memory_index import MemoryProject


@pytest.fixture
def project(locked_demo: MemoryProject, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project with three locked stages, loaded by the API."""
    monkeypatch.setattr(operations.load_project, "__defaults__", (locked_demo.index.create_poetry,))
    return Project.load(locked_demo.root / "fti", feedback=Recorder())


def package(name: str, version: str) -> LockedPackage:
    return LockedPackage(
        name=canonicalize_name(name), version=Version(version), origin=IndexOrigin()
    )


def test_a_project_and_its_stages(project: Project, locked_demo: MemoryProject) -> None:
    assert project.root == locked_demo.root
    assert [stage.name for stage in project.stages] == ["feature", "training", "inference"]
    training = project.stage("training")
    assert (training.kind, training.python, training.lock_state) == ("training", ">=3.11", "fresh")
    assert list(map(str, training.platforms)) == ["linux/amd64"]
    with pytest.raises(ConfigError, match='There is no stage "trainig"'):
        project.stage("trainig")


def test_the_packages_of_a_stage(project: Project) -> None:
    packages = project.stage("training").packages
    assert list(packages) == ["lib", "mid"]
    assert (len(packages), packages["MID"].version) == (2, Version("1.0"))
    assert [each.version for each in packages.all("lib")] == [Version("1.0")]
    assert packages.all("nowhere") == ()
    assert "nowhere" not in packages
    with pytest.raises(KeyError):
        _ = packages["nowhere"]


def test_a_package_in_several_versions_is_ambiguous() -> None:
    packages = LockedPackages([package("lib", "1.0"), package("lib", "2.0")])
    with pytest.raises(AmbiguousPackageError) as error:
        _ = packages["lib"]
    assert str(error.value) == (
        "lib is locked in several versions (1.0 and 2.0): use packages.all()."
    )
    assert len(packages.all("lib")) == 2


def test_stages_are_locked_and_updated(project: Project, locked_demo: MemoryProject) -> None:
    locked_demo.index.offer({"app 1.0": ["lib"], "app 2.0": [], "lib 1.0": [], "mid 1.0": []})
    assert all(result.is_fresh for result in project.lock().values())
    (result,) = project.update(["app"], stages=["feature"], dry_run=True).values()
    assert [(change.name, *map(str, change.after)) for change in result.changes] == [
        *(("app", "2.0"), ("lib",), ("win",))
    ]


@pytest.mark.slow
def test_an_update_is_written_and_packages_are_chosen_anew(
    project: Project, locked_demo: MemoryProject
) -> None:
    locked_demo.index.offer({"app 1.0": ["lib"], "app 2.0": [], "lib 1.0": [], "mid 1.0": []})
    project.update(["app"], stages=["feature"])
    assert project.stage("feature").packages["app"].version == Version("2.0")
    results = project.lock(["feature"], regenerate=True, align=False)
    assert list(results) == ["feature"]


def test_a_stage_is_exported_to_text_and_to_files(
    project: Project, locked_demo: MemoryProject
) -> None:
    (text,) = project.stage("training").export("constraints").values()
    assert text.endswith("\nlib==1.0\nmid==1.0\n")
    written = project.export(["training"], formats=["constraints"])
    assert list(map(str, written.paths)) == ["fti/training/constraints.txt"]
    path = locked_demo.root / "fti/training/constraints.txt"
    assert path.read_text(encoding="utf-8") == text
    # Two images leave packages of Windows out; constraints.txt is updated.
    assert len(project.export().paths) == 16


@pytest.mark.slow
def test_stages_are_checked(project: Project, locked_demo: MemoryProject) -> None:
    report = project.check()
    assert (report.checks, report.count("error"), report.waived) == (CHECKS, 0, ())
    (locked_demo.root / "fti/training/poetry.lock").unlink()
    again = Project.load(locked_demo.root)
    report = again.check(["training"], checks=["orphans", "fresh"])
    assert report.checks == ("fresh", "orphans")
    (finding,) = report.findings
    assert (finding.check, finding.level, finding.stage) == ("fresh", "error", "training")
    assert finding.message == "fti/training/poetry.lock is missing"
    assert again.check(["feature"], checks=["fresh"]).findings == ()
    with pytest.raises(ConfigError, match='There is no check "frsh"; did you mean "fresh"'):
        again.check(checks=["frsh"])
    with pytest.raises(ConfigError, match='There is no stage "trainig"'):
        again.check(["trainig"])


def test_stages_are_compared(project: Project) -> None:
    found = project.diff("feature", "training")
    assert (found.names, found.problems) == (("feature", "training"), ())
    assert [each.name for each in found.differences.removed] == ["app", "win"]
    (mid,) = found.differences.added
    assert (mid.before, str(mid.after and mid.after.versions[0])) == (None, "1.0")
    assert (found.differences.shared, found.differences.before.packages) == (1, 3)
    with pytest.raises(ConfigError, match='There is no stage "trainig"'):
        project.diff("feature", "trainig")


@pytest.mark.slow
def test_changes_since_a_revision(project: Project, locked_demo: MemoryProject) -> None:
    with pytest.raises(FtiError, match="is not in a git repository"):
        project.affected("HEAD")
    git(locked_demo.root, "init", "--quiet")
    commit = commit_all(locked_demo.root)
    lock = locked_demo.root / "fti/training/poetry.lock"
    text = lock.read_text(encoding="utf-8")
    lock.write_text(text.replace('"lib"\nversion = "1.0"', '"lib"\nversion = "1.1"'), "utf-8")
    again = Project.load(locked_demo.root)
    report = again.affected("HEAD")
    assert (report.base, report.warnings) == (commit, ())
    assert [(each.stage.name, each.reasons[0].kind) for each in report.affected] == [
        ("training", "lock")
    ]
    history = again.diff_since("HEAD")
    assert (history.revision, history.commit) == ("HEAD", commit)
    assert [(each.name, each.state) for each in history.stages] == [
        ("feature", "unchanged"),
        ("training", "changed"),
        ("inference", "unchanged"),
    ]
    assert [each.name for each in again.diff_since(commit, ["training"]).stages] == ["training"]


@pytest.mark.slow
def test_a_stage_without_a_fresh_lock_has_no_packages(locked_demo: MemoryProject) -> None:
    (locked_demo.root / "fti/training/poetry.lock").unlink()
    again = Project.load(locked_demo.root)
    assert again.stage("training").lock_state == "missing"
    with pytest.raises(StaleLockError):
        _ = again.stage("training").packages


def test_the_package_has_the_names_of_the_api_only() -> None:
    assert set(poetry_fti.__all__) >= {"Project", "Stage", "LockResult", "FtiError"}
    with pytest.raises(AttributeError, match="has no attribute 'nowhere'"):
        _ = poetry_fti.nowhere
