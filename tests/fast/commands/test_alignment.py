"""Stages agree wherever they can; where they cannot, what is named is what keeps them apart."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from itertools import permutations
from typing import TYPE_CHECKING, TypeAlias

import pytest

from harness import snapshot
from memory_commands import memory_lab
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from memory_index import MemoryProject
    from small_index import Lab, Releases

pytestmark = pytest.mark.slow

Groups: TypeAlias = "Mapping[str, Sequence[str]]"

AGREE = "at the same version."
LIB: Releases = {"lib 1.0": [], "lib 2.0": [], "lib 3.0": []}
TWO_PYTHONS = """\
[tool.fti.stages.feature]
[tool.fti.stages.training]
python = ">=3.12"
"""
PLATFORMS = """\
[tool.fti.stages.feature]
platforms = ["linux/amd64", "windows/amd64"]
[tool.fti.stages.training]
"""


@pytest.fixture
def demo(demo: MemoryProject) -> Lab:
    return memory_lab(demo)


AGREEING: Mapping[str, tuple[Groups, str, Releases, dict[str, str]]] = {
    "what they ask for": (
        {"feature": ["lib<3"], "training": ["lib"]},
        "",
        LIB,
        {"feature": "lib 2.0", "training": "lib 2.0"},
    ),
    "what others ask for": (
        {"feature": ["old"], "training": ["app"], "inference": ["lib"]},
        "",
        {**LIB, "app 1.0": ["lib>=1"], "old 1.0": ["lib<2"]},
        {"feature": "lib 1.0, old 1.0", "training": "app 1.0, lib 1.0", "inference": "lib 1.0"},
    ),
    "what a version takes along": (
        {"feature": ["app<2"], "training": ["app", "mid"]},
        "",
        {**LIB, "app 1.0": ["lib<2"], "app 2.0": [], "mid 1.0": ["lib"]},
        {"feature": "app 1.0, lib 1.0", "training": "app 1.0, lib 1.0, mid 1.0"},
    ),
    "what an agreement of its own makes possible": (
        {"feature": ["app<2"], "training": ["app", "lib"]},
        "",
        {**LIB, "app 1.0": ["lib<2"], "app 2.0": []},
        {"feature": "app 1.0, lib 1.0", "training": "app 1.0, lib 1.0"},
    ),
    "a stage with platforms and one without": (
        {"feature": ["app"], "training": ["lib<2"]},
        PLATFORMS,
        {**LIB, "app 1.0": ["lib", "win; sys_platform == 'win32'"], "win 1.0": []},
        {"feature": "app 1.0, lib 1.0, win 1.0", "training": "lib 1.0"},
    ),
    "a stage without platforms and one with": (
        {"feature": ["lib<2"], "training": ["app"]},
        PLATFORMS,
        {**LIB, "app 1.0": ["lib", "win; sys_platform == 'win32'"], "win 1.0": []},
        {"feature": "lib 1.0", "training": "app 1.0, lib 1.0, win 1.0"},
    ),
    "a Python that has only the older version": (
        {"feature": ["lib"], "training": ["lib"]},
        TWO_PYTHONS,
        {"lib 1.0": [], "lib 2.0": ["python>=3.12"]},
        {"feature": "lib 1.0", "training": "lib 1.0"},
    ),
    "a version for each Python and one for all": (
        {
            "feature": ["lib<2; python_version < '3.12'", "lib; python_version >= '3.12'"],
            "training": ["lib<2"],
        },
        "",
        LIB,
        {"feature": "lib 1.0", "training": "lib 1.0"},
    ),
}


@pytest.mark.parametrize(
    ("groups", "settings", "releases", "locked"), AGREEING.values(), ids=AGREEING
)
def test_stages_that_would_differ_alone_agree(
    groups: Groups, settings: str, releases: Releases, locked: dict[str, str], demo: Lab
) -> None:
    demo.write(pyproject(groups, settings))
    assert "at different versions:" in demo.compare(releases, "--no-align")[0]
    (line,) = demo.compare(releases, "--regenerate")
    assert line.endswith(AGREE)
    assert demo.locked == locked


def test_stages_agree_also_on_what_only_an_agreement_brings(demo: Lab) -> None:
    demo.write(pyproject({"feature": ["app<2", "mid<2"], "training": ["app"]}))
    demo.lock({"app 1.0": ["mid"], "app 2.0": [], "mid 1.0": [], "mid 2.0": []})
    assert demo.locked == dict.fromkeys(("feature", "training"), "app 1.0, mid 1.0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A project whose stages differ; with groups `freed` or releases `loosened` they do not."""

    groups: Groups
    releases: Releases
    said: str
    settings: str = ""
    freed: Groups = field(default_factory=dict)
    loosened: Releases = field(default_factory=dict)


DIFFERING: Mapping[str, Case] = {
    "the project": Case(
        groups={"feature": ["lib<2"], "training": ["lib>=2"]},
        releases=LIB,
        said="""\
1 package is shared between stages, at different versions:
  lib 3.0 in training, 1.0 in feature
    feature:  pyproject.toml requires lib <2
""",
        freed={"feature": ["lib"]},
    ),
    "packages": Case(
        groups={"feature": ["spark", "old"], "training": ["app"], "inference": ["mid"]},
        releases={
            **LIB,
            "spark 1.0": ["lib<2"],
            "old 1.0": ["lib<2"],
            "app 1.0": ["lib>=3"],
            "mid 1.0": ["lib>=2,<3"],
        },
        said="""\
1 package is shared between stages, at different versions:
  lib 3.0 in training, 2.0 in inference, 1.0 in feature
    feature:    old 1.0 requires lib <2
    feature:    spark 1.0 requires lib <2
    inference:  mid 1.0 requires lib <3,>=2
""",
        loosened={"spark 1.0": ["lib"], "old 1.0": ["lib"], "mid 1.0": ["lib"]},
    ),
    "stages that agree among themselves": Case(
        groups={"feature": ["lib<2"], "training": ["lib>=2"], "inference": ["lib>=2,<3"]},
        releases=LIB,
        said="""\
1 package is shared between stages, at different versions:
  lib 2.0 in training and inference, 1.0 in feature
    feature:  pyproject.toml requires lib <2
""",
        freed={"feature": ["lib"]},
    ),
    "a Python": Case(
        groups={"feature": ["lib"], "training": ["lib>=2"]},
        settings=TWO_PYTHONS,
        releases={"lib 1.0": [], "lib 2.0": ["python>=3.12"]},
        said="""\
1 package is shared between stages, at different versions:
  lib 2.0 in training, 1.0 in feature
    feature:  lib 2.0 requires Python >=3.12
""",
        loosened={"lib 2.0": []},
    ),
    "a version for each Python": Case(
        groups={
            "feature": ["lib<2; python_version < '3.12'", "lib>=2; python_version >= '3.12'"],
            "training": ["lib"],
        },
        releases=LIB,
        said="""\
1 package is shared between stages, at different versions:
  lib 1.0 and 3.0 in feature, 3.0 in training
    feature:  pyproject.toml requires lib <2
""",
        freed={"feature": ["lib>=2; python_version >= '3.12'"]},
    ),
    "what the version requires": Case(
        groups={"feature": ["app", "lib"], "training": ["lib>=2"]},
        releases={
            "app 1.0": ["other>=1"],
            "lib 1.0": [],
            "lib 2.0": ["other<1"],
            "other 0.5": [],
            "other 2.0": [],
        },
        said="""\
2 packages are shared between stages, all at different versions:
  lib 2.0 in training, 1.0 in feature
    feature:  lib 2.0 requires other <1, and app 1.0 requires other >=1
  other 2.0 in feature, 0.5 in training
    training:  lib 2.0 requires other <1
""",
        loosened={"lib 2.0": ["other"]},
    ),
    "what the version requires, farther away": Case(
        groups={"feature": ["app", "lib"], "training": ["lib>=2"]},
        releases={
            "app 1.0": ["other>=1"],
            "lib 1.0": [],
            "lib 2.0": ["mid"],
            "mid 1.0": ["other<1"],
            "other 0.5": [],
            "other 2.0": [],
        },
        said="""\
2 packages are shared between stages, all at different versions:
  lib 2.0 in training, 1.0 in feature
    feature:  lib 2.0 requires mid, mid 1.0 requires other <1, and app 1.0 requires other >=1
  other 2.0 in feature, 0.5 in training
    training:  mid 1.0 requires other <1
""",
        loosened={"app 1.0": ["other"]},
    ),
}


@pytest.mark.parametrize("case", DIFFERING.values(), ids=DIFFERING)
def test_stages_that_cannot_agree_are_locked_and_agree_without_what_is_named(
    case: Case, demo: Lab
) -> None:
    demo.write(pyproject(case.groups, case.settings))
    assert demo.compare(case.releases) == case.said.splitlines()
    demo.write(pyproject({**case.groups, **case.freed}, case.settings))
    (line,) = demo.compare({**case.releases, **case.loosened}, "--regenerate")
    assert line.endswith(AGREE)


def test_the_order_of_the_stages_does_not_matter(demo: Lab) -> None:
    releases: Releases = {
        **LIB,
        "app 1.0": ["lib<3", "other<2"],
        "app 2.0": ["lib>=2", "other"],
        "mid 1.0": ["app<2; sys_platform == 'win32'", "lib"],
        "other 1.0": ["lib<2; python_version < '3.12'"],
        "other 2.0": [],
    }
    groups = {
        "feature": ["app", "mid"],
        "training": ["app>=2", "other"],
        "inference": ["other<2", "lib; sys_platform == 'linux'"],
    }
    tables = {"feature": "", "training": "", "inference": 'platforms = ["linux/amd64"]'}
    locks = []
    for order in permutations(groups):
        settings = [f"[tool.fti.stages.{name}]\n{tables[name]}" for name in order]
        ordered = {name: groups[name] for name in reversed(order)}
        demo.write(pyproject(ordered, "\n".join(settings)))
        demo.lock(releases, "--regenerate")
        locks.append(snapshot(demo.root / "fti"))
        shutil.rmtree(demo.root / "fti")
    assert all(each == locks[0] for each in locks)


def test_each_stage_is_on_its_own_without_alignment(demo: Lab) -> None:
    demo.write(pyproject({"feature": ["lib"], "training": ["lib<3"]}))
    assert demo.compare(LIB, "--no-align") == [
        "1 package is shared between stages, at different versions:",
        "  lib 3.0 in feature, 2.0 in training",
        "    training:  pyproject.toml requires lib <3",
    ]
