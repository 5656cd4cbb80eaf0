"""`poetry fti update`: what is named moves, and what has to; and overrides of requirements."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Final

import pytest
from packaging.pylock import Pylock
from poetry.utils._compat import tomllib

from fast.conftest import filled, project_in
from harness import snapshot
from memory_commands import memory_lab
from small_index import pyproject
from update_case import AGREE, BOTH, GROUPS, NEW, OLD, OVERRIDES, WRONG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from memory_index import MemoryProject
    from small_index import Lab


pytestmark = pytest.mark.slow

# Agreement holds nothing back.
NO_COST: Final[Mapping[str, list[str]]] = {
    "held_back": [],
    "added": [],
    "unfinished": [],
    "notes": [],
}


@pytest.fixture(scope="module")
def _locked_once(tmp_path_factory: pytest.TempPathFactory) -> MemoryProject:
    with project_in(tmp_path_factory.mktemp("locked")) as before:
        locking = memory_lab(before)
        locking.write(pyproject(GROUPS))
        locking.lock(OLD)
    return before


@pytest.fixture
def demo(demo: MemoryProject, _locked_once: MemoryProject) -> Lab:
    """A project locked before newer releases are out."""
    return memory_lab(filled(demo, _locked_once))


def update(demo: Lab, *words: str) -> list[str]:
    """Update with the new releases, and return what is said without the times that it took."""
    result = demo.run(NEW, "fti", "update", *words)
    assert (result.code, result.errors) == (0, "")
    return re.sub(r" in \d+\.\d s", "", result.output).splitlines()


def test_what_the_named_package_needs_moves_too(demo: Lab) -> None:
    assert update(demo, "app") == [
        "feature: locked 3 packages: 0 added, 0 removed, 2 updated",
        "  ~ app 1.0 -> 2.0",
        "  ~ lib 1.0 -> 2.0",
        "training: fresh, 2 packages",
        "",
        "1 package is shared between stages, at different versions:",
        "  lib 2.0 in feature, 1.0 in training",
        "    poetry fti update lib looks for a common version",
    ]


def test_several_packages_in_one_stage(demo: Lab) -> None:
    before = snapshot(demo.root / "fti" / "training")
    assert update(demo, "zoo", "app", "--stage", "feature")[:5] == [
        "feature: locked 4 packages: 1 added, 0 removed, 3 updated",
        "  ~ app 1.0 -> 2.0",
        "  ~ lib 1.0 -> 2.0",
        "  + more 1.0",
        "  ~ zoo 1.0 -> 2.0",
    ]
    assert snapshot(demo.root / "fti" / "training") == before


def test_all_packages_of_one_stage(demo: Lab) -> None:
    assert update(demo, "--stage", "training")[:3] == [
        "training: locked 2 packages: 0 added, 0 removed, 2 updated",
        "  ~ lib 1.0 -> 2.0",
        "  ~ mid 1.0 -> 2.0",
    ]
    assert demo.locked["feature"] == "app 1.0, lib 1.0, zoo 1.0"


def test_an_old_divergence_closes(demo: Lab) -> None:
    update(demo, "lib", "--stage", "training")
    assert update(demo, "lib") == [
        "feature: locked 3 packages: 0 added, 0 removed, 1 updated",
        "  ~ lib 1.0 -> 2.0",
        "training: locked 2 packages, no version changed",
        "",
        AGREE,
    ]


def test_stages_agree_on_the_newest_that_all_can_have(demo: Lab) -> None:
    demo.write(pyproject({**GROUPS, "training": ["lib<3", "mid"]}))
    demo.lock(OLD)
    result = demo.run({**NEW, "lib 2.5": [], "lib 3.0": []}, "fti", "update", "lib")
    assert result.code == 0
    assert demo.locked == {
        "feature": "app 1.0, lib 2.5, zoo 1.0",
        "training": "lib 2.5, mid 1.0",
    }


def test_a_stale_lock_is_brought_up_to_date_with_its_pins(demo: Lab) -> None:
    demo.write(pyproject({**GROUPS, "feature": ["app", "zoo", "more"]}))
    assert update(demo, "lib")[:3] == [
        "feature: locked 4 packages: 1 added, 0 removed, 1 updated",
        "  ~ lib 1.0 -> 2.0",
        "  + more 1.0",
    ]


def test_a_dry_run_writes_nothing(demo: Lab) -> None:
    before = snapshot(demo.root)
    assert update(demo, "zoo", "--dry-run") == [
        "feature: would lock 4 packages: 1 added, 0 removed, 1 updated",
        "  + more 1.0",
        "  ~ zoo 1.0 -> 2.0",
        "training: fresh, 2 packages",
        "Dry run: no file was written.",
    ]
    update(demo, "--dry-run", "--format", "json")
    assert snapshot(demo.root) == before


def test_changes_as_json(demo: Lab) -> None:
    result = demo.run(NEW, "fti", "update", "zoo", "--format", "json")
    data = json.loads(result.output)
    assert data["stages"]["feature"].pop("seconds") > 0
    assert data == {
        "stages": {
            "feature": {
                "result": "locked",
                "packages": 4,
                "changes": [
                    {"package": "more", "before": [], "after": ["1.0"]},
                    {"package": "zoo", "before": ["1.0"], "after": ["2.0"]},
                ],
                **NO_COST,
            },
            "training": {
                "result": "fresh",
                "packages": 2,
                "seconds": 0.0,
                "changes": [],
                **NO_COST,
            },
        },
        "comparison": {"shared": 1, "divergences": []},
        "outdated_exports": [],
    }


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["nowhere"], 2, 'No lock contains the package "nowhere" (stages: feature, training).\n'),
        (
            ["app", "--stage", "training"],
            2,
            'No lock contains the package "app" (stages: training).\n',
        ),
        (
            ["lib", "--stage", "trainin"],
            2,
            'There is no stage "trainin"; did you mean "training"? (stages: feature, training)\n',
        ),
        (
            ["trainin"],
            2,
            (
                'No lock contains the package "trainin"; did you mean "training"?'
                " (stages: feature, training).\n"
            ),
        ),
        (
            ["libb", "--stage", "training"],
            2,
            'No lock contains the package "libb"; did you mean "lib"? (stages: training).\n',
        ),
        (["--stage", ""], 2, '"" names no stage (stages: feature, training)\n'),
        ([","], 2, '"," names no stage (stages: feature, training)\n'),
        (
            ["lib", "--format", "yaml"],
            2,
            'Unknown report format "yaml" (known: text, json).\n',
        ),
    ],
)
def test_errors_before_anything_is_solved(
    words: list[str], code: int, error: str, demo: Lab
) -> None:
    before = snapshot(demo.root)
    result = demo.run(NEW, "fti", "update", *words)
    assert (result.code, result.output, result.errors) == (code, "", error)
    assert snapshot(demo.root) == before


RULE = '[[tool.fti.align]]\npackages = ["lib"]\n'


def test_tied_stages_are_updated_together(demo: Lab) -> None:
    demo.write(pyproject(GROUPS, RULE))
    demo.lock(OLD)
    assert update(demo, "lib")[:4] == [
        "feature: locked 3 packages: 0 added, 0 removed, 1 updated",
        "  ~ lib 1.0 -> 2.0",
        "training: locked 2 packages: 0 added, 0 removed, 1 updated",
        "  ~ lib 1.0 -> 2.0",
    ]


def test_what_is_updated_in_one_stage_moves_in_those_tied_to_it(demo: Lab) -> None:
    demo.write(pyproject(GROUPS, RULE))
    demo.lock(OLD)
    assert [line for line in update(demo, "lib", "--stage", "training") if "~" in line] == [
        "  ~ lib 1.0 -> 2.0",
        "  ~ lib 1.0 -> 2.0",
    ]


def test_what_is_updated_moves_in_stages_that_are_tied_by_another(demo: Lab) -> None:
    groups = {"feature": ["lib"], "training": ["lib"], "inference": ["lib", "zoo"]}
    rules = [f'{RULE}stages = ["training", "{other}"]\n' for other in ("feature", "inference")]
    demo.write(pyproject(groups, "".join(rules)))
    demo.lock(OLD)
    update(demo, "lib", "--stage", "feature")
    assert demo.locked == {
        "feature": "lib 2.0",
        "training": "lib 2.0",
        "inference": "lib 2.0, zoo 1.0",
    }


def test_what_the_named_package_needs_moves_in_tied_stages_too(demo: Lab) -> None:
    demo.write(pyproject(GROUPS, RULE))
    demo.lock(OLD)
    assert update(demo, "app", "--stage", "feature")[:5] == [
        "feature: locked 3 packages: 0 added, 0 removed, 2 updated",
        "  ~ app 1.0 -> 2.0",
        "  ~ lib 1.0 -> 2.0",
        "training: locked 2 packages: 0 added, 0 removed, 1 updated",
        "  ~ lib 1.0 -> 2.0",
    ]


def test_it_moves_to_an_older_version_if_the_named_package_needs_that(demo: Lab) -> None:
    demo.write(pyproject(GROUPS, RULE))
    old = {**OLD, "lib 2.0": []}
    demo.lock(old)
    result = demo.run({**old, "app 2.0": ["lib<2"]}, "fti", "update", "app")
    assert (result.code, result.errors) == (0, "")
    assert demo.locked == {
        "feature": "app 2.0, lib 1.0, zoo 1.0",
        "training": "lib 1.0, mid 1.0",
    }


def test_a_tied_stage_that_cannot_follow_holds_an_update_back(demo: Lab) -> None:
    demo.write(pyproject({**GROUPS, "training": ["lib<2", "mid"]}, RULE))
    demo.lock(OLD)
    assert update(demo, "app")[:2] == [
        "feature: locked 3 packages, no version changed",
        "training: locked 2 packages, no version changed",
    ]


def test_a_stage_that_has_nothing_to_update_is_not_called_fresh(demo: Lab) -> None:
    demo.write(pyproject(GROUPS))
    demo.lock(OLD)
    demo.write(pyproject({**GROUPS, "inference": ["zoo"]}))
    assert not any(line.startswith("inference") for line in update(demo, "lib"))


def test_a_package_that_only_one_tied_stage_has_leaves_the_other_s_versions(demo: Lab) -> None:
    demo.write(pyproject(GROUPS, RULE))
    demo.lock(OLD)
    assert update(demo, "zoo")[:4] == [
        "feature: locked 4 packages: 1 added, 0 removed, 1 updated",
        "  + more 1.0",
        "  ~ zoo 1.0 -> 2.0",
        "training: locked 2 packages, no version changed",
    ]


@pytest.fixture
def wrong(demo: Lab) -> Lab:
    """A project of which a stage needs what a package forbids."""
    shutil.rmtree(demo.root / "fti")
    demo.write(pyproject(BOTH))
    return demo


def test_an_override_may_lift_what_packages_require(wrong: Lab) -> None:
    wrong.write(pyproject(BOTH, OVERRIDES.format("*")))
    wrong.lock(WRONG, "feature")
    assert wrong.locked == {"feature": "app 1.1, lib 3.0, mid 1.0"}


def test_an_override_does_not_replace_what_the_project_requires(wrong: Lab) -> None:
    wrong.write(pyproject(BOTH, OVERRIDES.format("<2")))
    result = wrong.run(WRONG, "fti", "lock", "feature")
    assert (result.code, result.output) == (1, "")
    assert result.errors == (
        "feature: pyproject.toml requires lib >=2, but app 1.0 and 1.1 require lib <2.\n"
        "Rerun with -v for the solver's whole explanation.\n"
    )


def test_an_override_adds_no_package(wrong: Lab) -> None:
    wrong.write(pyproject({**BOTH, "feature": ["mid"]}, OVERRIDES.format(">=2")))
    wrong.lock(WRONG, "feature")
    assert wrong.locked == {"feature": "mid 1.0"}


def test_a_changed_override_makes_only_its_own_stage_stale(wrong: Lab) -> None:
    wrong.write(pyproject(BOTH, OVERRIDES.format("*")))
    wrong.lock(WRONG)
    wrong.write(pyproject(BOTH, OVERRIDES.format("<3")))
    result = wrong.run(WRONG, "fti", "lock", "--check")
    assert (result.code, result.errors) == (
        3,
        "fti/feature/poetry.lock does not match pyproject.toml. Run `poetry fti lock feature`.\n",
    )
    assert wrong.lock(WRONG)[:3] == [
        "feature: locked 3 packages: 0 added, 0 removed, 1 updated",
        "  ~ lib 3.0 -> 2.0",
        "training: fresh, 3 packages",
    ]


def test_exports_carry_the_overridden_version(wrong: Lab) -> None:
    wrong.write(pyproject(BOTH, OVERRIDES.format("==2.0")))
    wrong.lock(WRONG)
    words = ("export", "feature", "-f", "requirements", "-f", "pylock")
    assert wrong.run(WRONG, "fti", *words).code == 0
    folder = wrong.root / "fti" / "feature"
    assert re.findall(r"^\w+==\S+", (folder / "requirements.txt").read_text(), re.MULTILINE) == [
        "app==1.1",
        "lib==2.0",
        "mid==1.0",
    ]
    pylock = Pylock.from_dict(tomllib.loads((folder / "pylock.feature.toml").read_text()))
    assert [str(package.version) for package in pylock.packages] == ["1.1", "2.0", "1.0"]


def test_an_override_holds_for_tied_stages_too(wrong: Lab) -> None:
    wrong.write(pyproject({**BOTH, "training": ["lib"]}, OVERRIDES.format("*") + RULE))
    assert wrong.lock({**WRONG, "lib 3.0": ["python<3.11"]})[-1] == (
        "1 package is shared between stages, at the same version."
    )
    assert wrong.locked["training"] == "lib 2.0"
