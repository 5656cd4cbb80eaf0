"""What a lock prefers: its own versions, then its siblings'."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from memory_commands import memory_lab
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject
    from small_index import Lab, Releases

pytestmark = pytest.mark.slow

OLD: Releases = {"app 1.0": ["lib"], "lib 1.0": []}
NEW: Releases = {**OLD, "app 2.0": ["lib"], "lib 2.0": [], "more 1.0": ["lib"]}
AGREE = "1 package is shared between stages, at the same version."


@pytest.fixture
def demo(demo: MemoryProject) -> Lab:
    return memory_lab(demo)


def test_a_relock_keeps_all_versions_although_newer_ones_are_out(demo: Lab) -> None:
    demo.write(pyproject({"feature": ["app"], "training": ["lib"]}))
    demo.lock(OLD)
    demo.write(pyproject({"feature": ["app", "more"], "training": ["lib"]}))
    assert demo.lock(NEW) == [
        "feature: locked 3 packages: 1 added, 0 removed, 0 updated",
        "  + more 1.0",
        "training: fresh, 1 package",
        "",
        AGREE,
    ]
    demo.write(pyproject({"feature": ["app", "more"], "training": ["lib", "more"]}))
    demo.lock(NEW)
    assert demo.locked == {"feature": "app 1.0, lib 1.0, more 1.0", "training": "lib 1.0, more 1.0"}


def test_a_relock_makes_way_only_where_a_version_does_not_fit_any_more(demo: Lab) -> None:
    demo.write(pyproject({"feature": ["app"]}))
    demo.lock(OLD)
    demo.write(pyproject({"feature": ["app>1"]}))
    assert demo.lock(NEW) == [
        "feature: locked 2 packages: 0 added, 0 removed, 1 updated",
        "  ~ app 1.0 -> 2.0",
    ]


def test_a_relock_keeps_each_of_several_versions_where_it_is(demo: Lab) -> None:
    split = ["lib<2; python_version < '3.12'", "lib>=2; python_version >= '3.12'", "app"]
    demo.write(pyproject({"feature": split}))
    demo.lock({**OLD, "lib 2.0": []})
    before = demo.locked
    demo.write(pyproject({"feature": ["app", "more"]}))
    demo.lock({**OLD, "lib 2.0": [], "lib 3.0": [], "more 1.0": []})
    assert (before, demo.locked) == (
        {"feature": "app 1.0, lib 1.0, lib 2.0"},
        {"feature": "app 1.0, lib 2.0, more 1.0"},
    )


def test_a_new_stage_takes_the_versions_of_its_siblings(demo: Lab) -> None:
    demo.write(pyproject({"feature": ["app"]}))
    demo.lock(OLD)
    demo.write(pyproject({"feature": ["app"], "training": ["lib", "more"]}))
    assert demo.lock(NEW, "training")[-1] == AGREE
    assert demo.locked["training"] == "lib 1.0, more 1.0"


def test_it_takes_them_from_a_sibling_that_is_stale_too(demo: Lab) -> None:
    demo.write(pyproject({"feature": ["app"]}))
    demo.lock(OLD)
    demo.write(pyproject({"feature": ["app", "more"], "training": ["lib", "more"]}))
    demo.lock(NEW, "training")
    assert demo.locked["training"] == "lib 1.0, more 1.0"


def test_it_takes_its_own_versions_rather_than_those_of_siblings(demo: Lab) -> None:
    demo.write(pyproject({"feature": ["lib<2"], "training": ["lib"]}))
    demo.lock(NEW, "--no-align")
    demo.write(pyproject({"feature": ["lib<2"], "training": ["lib", "more"]}))
    assert demo.compare(NEW) == [
        "1 package is shared between stages, at different versions:",
        "  lib 2.0 in training, 1.0 in feature",
        "    feature:  pyproject.toml requires lib <2",
    ]


def test_an_old_divergence_stays_and_is_reported(demo: Lab) -> None:
    demo.write(pyproject({"feature": ["lib<2"], "training": ["lib"]}))
    demo.lock(NEW, "--no-align")
    demo.write(pyproject({"feature": ["lib"], "training": ["lib"]}))
    assert demo.lock(NEW) == [
        "feature: locked 1 package, no version changed",
        "training: fresh, 1 package",
        "",
        "1 package is shared between stages, at different versions:",
        "  lib 2.0 in training, 1.0 in feature",
        "    poetry fti update lib looks for a common version",
    ]
    demo.lock(NEW, "--regenerate")
    assert demo.locked == {"feature": "lib 2.0", "training": "lib 2.0"}


def test_own_versions_stay_where_a_sibling_s_would_need_others(demo: Lab) -> None:
    demo.write(pyproject({"feature": ["lib"]}))
    demo.lock(OLD)
    releases: Releases = {**NEW, "more 1.0": ["lib>=2"], "more 2.0": []}
    demo.write(pyproject({"feature": ["lib", "more"], "training": ["more<2"]}))
    demo.lock(releases, "training")
    demo.lock(releases)
    assert demo.locked["feature"] == "lib 1.0, more 2.0"
