"""Locking stages: which locks are written, with which versions, and what is reported."""

from __future__ import annotations

import re
from multiprocessing import active_children
from multiprocessing.context import ForkProcess
from typing import TYPE_CHECKING, Final

import pytest
from poetry.utils.authenticator import Authenticator

from fast.conftest import filled, project_in
from memory_index import Recorder
from poetry_fti.bridge.solving.workers import assignment
from poetry_fti.errors import ConfigError
from poetry_fti.operations.locking.lock import LockRequest, lock_stages
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from memory_index import MemoryProject
    from poetry_fti.operations.feedback import Verbosity
    from poetry_fti.operations.locking.request import LockResult
    from small_index import Releases

OLD: Final[Releases] = {"app 1.0": ["lib"], "lib 1.0": [], "mid 1.0": ["lib"]}
NEW: Final[Releases] = {**OLD, "app 2.0": ["lib>=2"], "lib 2.0": [], "mid 2.0": ["lib"]}
GROUPS: Final = {"feature": ["app"], "training": ["lib", "mid"]}


@pytest.fixture(scope="module")
def _locked_once(tmp_path_factory: pytest.TempPathFactory) -> MemoryProject:
    with project_in(tmp_path_factory.mktemp("locked")) as project:
        project.index.offer(OLD)
        project.write(pyproject(GROUPS))
        project.lock()
    return project


@pytest.fixture
def locked(_locked_once: MemoryProject, demo: MemoryProject) -> MemoryProject:
    """A project that was locked before newer releases were published."""
    filled(demo, _locked_once)
    demo.index.offer(NEW)
    return demo


def changes(result: LockResult) -> dict[str, tuple[str, str]]:
    return {
        change.name: (" ".join(map(str, change.before)), " ".join(map(str, change.after)))
        for change in result.changes
    }


def errors(results: Mapping[str, LockResult]) -> dict[str, str]:
    return {stage: str(result.error) for stage, result in results.items() if result.error}


def test_a_first_lock(demo: MemoryProject) -> None:
    demo.index.offer(OLD)
    demo.write(pyproject(GROUPS))
    feedback = Recorder()
    results = demo.lock(feedback=feedback)
    assert list(results) == ["feature", "training"]
    training = results["training"]
    assert (training.is_first, training.is_fresh, training.packages) == (True, False, 2)
    assert changes(training) == {"lib": ("", "1.0"), "mid": ("", "1.0")}
    assert training.seconds > 0
    assert demo.locked == {"feature": "app 1.0, lib 1.0", "training": "lib 1.0, mid 1.0"}
    assert feedback.running == ["Locking 2 stages"]
    assert feedback.notices == []


def test_a_fresh_lock_is_left_alone_without_a_request(locked: MemoryProject) -> None:
    before = [path.read_bytes() for path in sorted(locked.root.glob("fti/*/poetry.lock"))]
    locked.index.requests.clear()
    results = locked.lock()
    assert all(result.is_fresh for result in results.values())
    assert [result.packages for result in results.values()] == [2, 2]
    assert locked.index.requests == []
    assert before == [path.read_bytes() for path in sorted(locked.root.glob("fti/*/poetry.lock"))]


@pytest.mark.slow
def test_a_stale_lock_keeps_its_versions(locked: MemoryProject) -> None:
    locked.write(pyproject({**GROUPS, "feature": ["app", "mid"]}))
    results = locked.lock()
    assert changes(results["feature"]) == {"mid": ("", "1.0")}  # that of its sibling
    assert not results["feature"].is_first
    assert results["training"].is_fresh
    assert locked.locked["feature"] == "app 1.0, lib 1.0, mid 1.0"


@pytest.mark.slow
def test_only_the_selected_stage_is_locked(demo: MemoryProject) -> None:
    demo.index.offer(OLD)
    demo.write(pyproject(GROUPS))
    assert list(demo.lock("training")) == ["training"]
    assert list(demo.locked) == ["training"]


@pytest.mark.slow
def test_a_regenerated_lock_has_the_newest_versions(locked: MemoryProject) -> None:
    results = locked.lock(regenerate=True)
    assert changes(results["feature"]) == {"app": ("1.0", "2.0"), "lib": ("1.0", "2.0")}
    assert locked.locked == {"feature": "app 2.0, lib 2.0", "training": "lib 2.0, mid 2.0"}


@pytest.mark.slow
def test_versions_of_the_projects_own_lock_are_preferred(locked: MemoryProject) -> None:
    (locked.root / "fti/feature/poetry.lock").rename(locked.root / "poetry.lock")
    (locked.root / "fti/training/poetry.lock").unlink()
    locked.lock()
    assert locked.locked == {"feature": "app 1.0, lib 1.0", "training": "lib 1.0, mid 2.0"}


@pytest.mark.slow
def test_a_version_that_has_been_deleted_from_the_index_is_replaced(locked: MemoryProject) -> None:
    locked.index.offer({"app 1.0": ["lib"], "mid 1.0": ["lib"], "lib 1.1": []})
    locked.clear_cache()
    locked.write(pyproject({**GROUPS, "training": ["mid"]}))
    locked.lock()
    assert locked.locked["training"] == "lib 1.1, mid 1.0"


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["", '[[tool.fti.align]]\npackages = ["lib"]\n'])
def test_files_that_were_uploaded_later_are_added(locked: MemoryProject, rule: str) -> None:
    path = locked.root / "fti/training/poetry.lock"
    text = path.read_text(encoding="utf-8")
    digest = re.findall(r"sha256:[0-9a-f]+", text)[0]
    path.write_text(text.replace(digest, digest[:-1]), encoding="utf-8")
    locked.index.requests.clear()
    locked.write(pyproject({**GROUPS, "feature": ["app", "lib<2"], "training": ["lib"]}, rule))
    locked.lock()
    assert "/pypi/lib/1.0/json" in locked.index.requests
    assert locked.locked == {"feature": "app 1.0, lib 1.0", "training": "lib 1.0"}
    assert digest in path.read_text(encoding="utf-8")


def test_all_packages_are_updated(locked: MemoryProject) -> None:
    results = locked.update()
    assert changes(results["training"]) == {"lib": ("1.0", "2.0"), "mid": ("1.0", "2.0")}
    assert locked.locked == {"feature": "app 2.0, lib 2.0", "training": "lib 2.0, mid 2.0"}


@pytest.mark.slow
def test_a_named_package_is_updated_alone(locked: MemoryProject) -> None:
    locked.update("Lib")
    assert locked.locked == {"feature": "app 1.0, lib 2.0", "training": "lib 2.0, mid 1.0"}


@pytest.mark.slow
def test_one_stage_is_updated(locked: MemoryProject) -> None:
    assert list(locked.update(stages=["training"])) == ["training"]
    assert locked.locked == {"feature": "app 1.0, lib 1.0", "training": "lib 2.0, mid 2.0"}


def test_a_stage_without_the_package_is_left_alone(locked: MemoryProject) -> None:
    results = locked.update("mid")
    assert results["feature"].is_fresh
    assert changes(results["training"]) == {"mid": ("1.0", "2.0")}


def test_an_unknown_package_is_not_updated(locked: MemoryProject) -> None:
    with pytest.raises(ConfigError) as error:
        locked.update("app", "nowhere", stages=["training"])
    assert str(error.value) == 'No lock contains the package "app" (stages: training).'


@pytest.mark.slow
def test_a_dry_run_reports_changes_and_writes_no_file(locked: MemoryProject) -> None:
    before = locked.locked
    results = locked.update(dry_run=True)
    assert changes(results["feature"]) == {"app": ("1.0", "2.0"), "lib": ("1.0", "2.0")}
    assert locked.locked == before


@pytest.mark.slow
def test_a_dry_run_of_a_first_lock_leaves_no_folder(demo: MemoryProject) -> None:
    demo.index.offer(OLD)
    demo.write(pyproject(GROUPS))
    demo.lock("feature")
    project = demo.load()
    request = LockRequest(stages=frozenset({"training"}), dry_run=True)
    results = lock_stages(project, project.select(["training"]), request)
    assert changes(results["training"]) == {"lib": ("", "1.0"), "mid": ("", "1.0")}
    assert not (demo.root / "fti/training").exists()


@pytest.mark.slow
def test_a_stage_that_fails_leaves_the_others(demo: MemoryProject) -> None:
    demo.index.offer(OLD)
    demo.write(pyproject({**GROUPS, "training": ["lib>9"]}))
    results = demo.lock()
    assert errors(results) == {
        "training": "Because demo depends on lib (>9) which doesn't match any versions,"
        " version solving failed."
    }
    assert demo.locked == {"feature": "app 1.0, lib 1.0"}


@pytest.mark.slow
@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize("verbosity", [0, 1])
def test_stages_in_several_processes_or_in_this_one_have_the_same_locks(
    demo: MemoryProject, verbosity: Verbosity
) -> None:
    demo.index.offer(NEW)
    demo.write(pyproject({**GROUPS, "inference": ["mid<2", "lib>9"]}))
    results = demo.lock(feedback=Recorder(verbosity))
    assert demo.locked == {"feature": "app 2.0, lib 2.0", "training": "lib 2.0, mid 2.0"}
    assert list(errors(results)) == ["inference"]


@pytest.mark.slow
@pytest.mark.usefixtures("two_cores")
def test_no_process_is_left_where_stages_have_no_packages(demo: MemoryProject) -> None:
    demo.write(pyproject({"feature": [], "training": []}))
    demo.lock(feedback=Recorder(verbosity=0))
    for process in active_children():
        process.join(5)
        assert process.exitcode is not None


@pytest.mark.slow
@pytest.mark.usefixtures("two_cores")
def test_one_process_writes_a_cache_that_is_not_known(
    demo: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Poetry complains about a file of its cache that another process has written in part."""
    demo.index.offer({"lib 1.0": []})
    demo.write(pyproject({"training": ["lib"], "feature": ["lib"]}))
    monkeypatch.setattr(assignment, "can_replace_release_cache", lambda: False)
    monkeypatch.setattr(ForkProcess, "start", lambda _: pytest.fail("a process was started"))
    demo.lock(feedback=Recorder(verbosity=0))
    assert demo.locked == {"feature": "lib 1.0", "training": "lib 1.0"}


@pytest.mark.slow
@pytest.mark.usefixtures("two_cores")
def test_processes_do_not_share_the_connections_of_their_parent(
    demo: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes would read each other's answers, and keep them under a wrong address."""
    demo.index.offer({"lib 1.0": []})
    demo.write(pyproject({"training": ["lib"], "feature": ["lib"]}))
    events: list[str] = []
    monkeypatch.setattr(Authenticator, "close", lambda _: events.append("closed"))
    start = ForkProcess.start

    def recorded(process: ForkProcess) -> None:
        events.append("forked")
        start(process)

    monkeypatch.setattr(ForkProcess, "start", recorded)
    demo.lock(feedback=Recorder(verbosity=0))
    assert events[:3] == ["closed", "forked", "forked"]
