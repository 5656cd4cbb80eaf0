"""`poetry fti update`: what is named moves, and what has to; and overrides of requirements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from poetry.utils._compat import tomllib

from small_index import lab, pyproject
from update_case import AGREE, BOTH, GROUPS, NEW, OLD, OVERRIDES, WRONG

if TYPE_CHECKING:
    from pathlib import Path

    from small_index import Lab


@pytest.fixture
def demo(tmp_path: Path) -> Lab:
    """A project locked before newer releases are out."""
    demo = lab(tmp_path)
    demo.write(pyproject(GROUPS))
    demo.lock(OLD)
    return demo


def update(demo: Lab, *words: str) -> list[str]:
    """Update with the new releases, and return what is said without the times that it took."""
    result = demo.run(NEW, "fti", "update", *words)
    assert (result.code, result.errors) == (0, "")
    return re.sub(r" in \d+\.\d s", "", result.output).splitlines()


def test_all_packages_are_updated(demo: Lab) -> None:
    assert update(demo) == [
        "feature: locked 4 packages: 1 added, 0 removed, 3 updated",
        "  ~ app 1.0 -> 2.0",
        "  ~ lib 1.0 -> 2.0",
        "  + more 1.0",
        "  ~ zoo 1.0 -> 2.0",
        "training: locked 2 packages: 0 added, 0 removed, 2 updated",
        "  ~ lib 1.0 -> 2.0",
        "  ~ mid 1.0 -> 2.0",
        "",
        AGREE,
    ]
    assert demo.lock(NEW, "--check") == ["2 locks checked: all fresh."]
    assert update(demo)[:2] == [
        "feature: locked 4 packages, no version changed",
        "training: locked 2 packages, no version changed",
    ]


def test_only_the_named_package_moves(demo: Lab) -> None:
    assert update(demo, "Lib") == [
        "feature: locked 3 packages: 0 added, 0 removed, 1 updated",
        "  ~ lib 1.0 -> 2.0",
        "training: locked 2 packages: 0 added, 0 removed, 1 updated",
        "  ~ lib 1.0 -> 2.0",
        "",
        AGREE,
    ]
    assert demo.locked == {
        "feature": "app 1.0, lib 2.0, zoo 1.0",
        "training": "lib 2.0, mid 1.0",
    }


@pytest.fixture
def wrong(tmp_path: Path) -> Lab:
    """A project of which a stage needs what a package forbids."""
    demo = lab(tmp_path)
    demo.write(pyproject(BOTH))
    return demo


def test_an_override_replaces_what_packages_require(wrong: Lab) -> None:
    result = wrong.run(WRONG, "fti", "lock")
    assert result.code == 1
    assert "but app 1.0 and 1.1 require lib <2." in result.errors
    wrong.write(pyproject(BOTH, OVERRIDES.format(">=2,<3")))
    assert wrong.lock(WRONG) == [
        "feature: locked 3 packages",
        "training: fresh, 3 packages",
        "",
        "3 packages are shared between stages, 1 at different versions:",
        "  lib 2.0 in feature, 1.0 in training",
        "    training:  app 1.1 requires lib <2",
    ]
    lock = (wrong.root / "fti" / "feature" / "poetry.lock").read_text(encoding="utf-8")
    assert tomllib.loads(lock)["metadata"]["fti"] == {"overrides": {"lib": ">=2,<3"}}


def test_constraints_bound_and_exclusions_drop_what_packages_require(wrong: Lab) -> None:
    groups = {"feature": ["app"], "training": ["app"]}
    wrong.write(pyproject(groups, '[tool.fti]\nconstraints = ["app<1.1", "lib>0.1"]\n'))
    wrong.lock(WRONG)
    settings = '[tool.fti.stages.training]\nexclude = ["mid"]\n[tool.fti.stages.feature]\n'
    wrong.write(pyproject(groups, '[tool.fti]\nconstraints = ["app>=1.1"]\n' + settings))
    assert wrong.lock(WRONG) == [
        "feature: locked 3 packages: 0 added, 0 removed, 1 updated",
        "  ~ app 1.0 -> 1.1",
        "training: locked 2 packages: 0 added, 1 removed, 1 updated",
        "  ~ app 1.0 -> 1.1",
        "  - mid 1.0",
        "",
        "2 packages are shared between stages, all at the same version.",
    ]
