"""Rules of agreement: what they demand is found if it exists; if not, it is said why."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest

from harness import snapshot
from memory_commands import memory_lab
from small_index import pyproject, rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from memory_index import MemoryProject
    from small_index import Lab, Releases

pytestmark = pytest.mark.slow

Groups: TypeAlias = "Mapping[str, Sequence[str]]"

LIB: Releases = {"lib 1.0": [], "lib 2.0": [], "lib 3.0": []}
TWO_PYTHONS = '[tool.fti.stages.feature]\n[tool.fti.stages.training]\npython = ">=3.12"\n'
SYSTEMS = """\
[tool.fti.stages.feature]
platforms = ["linux/amd64", "windows/amd64"]
[tool.fti.stages.training]
platforms = ["macos/arm64", "linux/amd64"]
"""
ONE_SYSTEM = '[tool.fti.stages.feature]\n[tool.fti.stages.training]\nplatforms = ["linux/amd64"]\n'


@pytest.fixture
def demo(demo: MemoryProject) -> Lab:
    return memory_lab(demo)


# groups, settings, releases, and what is locked
POSSIBLE: Mapping[str, tuple[Groups, str, Releases, dict[str, str]]] = {
    "what a stage alone would pick leaves the other none": (
        {"feature": ["app"], "training": ["lib<2"]},
        rule("lib"),
        {**LIB, "app 1.0": ["lib<2"], "app 2.0": ["lib>=2"]},
        {"feature": "app 1.0, lib 1.0", "training": "lib 1.0"},
    ),
    "and it is far away": (
        {"feature": ["app"], "training": ["zoo"]},
        rule("lib"),
        {
            **LIB,
            "app 1.0": ["mid<2"],
            "app 2.0": ["mid>=2"],
            "mid 1.0": ["lib!=3.0"],
            "mid 2.0": ["lib>=3"],
            "zoo 1.0": ["lib<2"],
            "zoo 2.0": ["lib==2.0"],
        },
        {"feature": "app 1.0, lib 2.0, mid 1.0", "training": "lib 2.0, zoo 2.0"},
    ),
    "the stages conflict in what the rule does not name": (
        {"feature": ["lib", "mid<2"], "training": ["lib", "mid>=2"]},
        rule("lib"),
        {**LIB, "mid 1.0": ["lib<3"], "mid 2.0": ["lib>=2"]},
        {"feature": "lib 2.0, mid 1.0", "training": "lib 2.0, mid 2.0"},
    ),
    "they conflict, and neither can have the other's version": (
        {"feature": ["app", "mid<2"], "training": ["app", "mid>=2"]},
        rule("lib"),
        {
            **LIB,
            "app 1.0": ["lib<2"],
            "app 2.0": ["lib==2.0", "mid>=2"],
            "app 3.0": ["lib>=3", "mid<2"],
            "mid 1.0": [],
            "mid 2.0": [],
        },
        {"feature": "app 1.0, lib 1.0, mid 1.0", "training": "app 1.0, lib 1.0, mid 2.0"},
    ),
    "two packages that exclude each other": (
        {"feature": ["app"], "training": ["lib", "mid"]},
        rule("lib", "mid"),
        {
            **LIB,
            "mid 1.0": ["lib>=2"],
            "mid 2.0": ["lib<2"],
            "app 1.0": ["lib", "mid<2"],
            "app 2.0": ["lib>=2", "mid"],
        },
        {"feature": "app 2.0, lib 3.0, mid 1.0", "training": "lib 3.0, mid 1.0"},
    ),
    "the first two numbers": (
        {"feature": ["lib<2.1.5"], "training": ["lib!=2.1.0"]},
        rule("lib", level="minor"),
        {"lib 2.1.0": [], "lib 2.1.7": [], "lib 2.2.0": []},
        {"feature": "lib 2.1.0", "training": "lib 2.1.7"},
    ),
    "the first number": (
        {"feature": ["lib<2.1"], "training": ["lib>=1.5,!=2.0"]},
        rule("lib", level="major"),
        {"lib 1.4": [], "lib 2.0": [], "lib 2.2": [], "lib 3.0": []},
        {"feature": "lib 2.0", "training": "lib 2.2"},
    ),
    "an epoch": (
        {"feature": ["lib"], "training": ["lib<1!2"]},
        rule("lib", level="major"),
        {"lib 2.0": [], "lib 1!1.5": [], "lib 1!2.0": []},
        {"feature": "lib 1!1.5", "training": "lib 1!1.5"},
    ),
    "a pre-release": (
        {"feature": ["lib>=2.0b1,<=2.0rc1"], "training": ["lib>=2.0b1"]},
        rule("lib"),
        {"lib 1.0": [], "lib 2.0rc1": [], "lib 2.0rc2": []},
        {"feature": "lib 2.0rc1", "training": "lib 2.0rc1"},
    ),
    "wildcards": (
        {"feature": ["app"], "training": ["lib-a<2", "lib-b<3"]},
        rule("lib-?"),
        {
            **{f"lib-{letter} {number}.0": [] for letter in "ab" for number in (1, 2, 3)},
            "app 1.0": ["lib-a", "lib-b"],
            "app 2.0": ["lib-a>=2", "lib-b"],
        },
        {"feature": "app 1.0, lib-a 1.0, lib-b 2.0", "training": "lib-a 1.0, lib-b 2.0"},
    ),
    "all packages": (
        {"feature": ["app"], "training": ["app", "lib<2"]},
        rule("*"),
        {**LIB, "app 1.0": ["lib<3"], "app 2.0": ["lib>=2"]},
        {"feature": "app 1.0, lib 1.0", "training": "app 1.0, lib 1.0"},
    ),
    "three stages in two rules": (
        {"feature": ["app"], "training": ["lib", "mid"], "inference": ["mid<2"]},
        rule("lib") + rule("mid", stages=("training", "inference")),
        {
            **LIB,
            "app 1.0": ["lib<2"],
            "app 2.0": ["lib>=2"],
            "mid 1.0": ["lib<2"],
            "mid 2.0": ["lib>=3"],
        },
        {
            "feature": "app 1.0, lib 1.0",
            "training": "lib 1.0, mid 1.0",
            "inference": "lib 1.0, mid 1.0",
        },
    ),
    "a stage without the package": (
        {"feature": ["app"], "training": ["lib<2"], "inference": ["zoo"]},
        rule("lib", stages=("feature", "training", "inference")),
        {**LIB, "app 1.0": ["lib<2"], "app 2.0": ["lib>=2"], "zoo 1.0": []},
        {"feature": "app 1.0, lib 1.0", "training": "lib 1.0", "inference": "zoo 1.0"},
    ),
    "it is best not to have the package": (
        {"feature": ["app"], "training": ["lib<2"]},
        rule("lib"),
        {**LIB, "app 1.0": [], "app 2.0": ["lib>=2"]},
        {"feature": "app 1.0", "training": "lib 1.0"},
    ),
    "several systems": (
        {"feature": ["lib", "win; sys_platform == 'win32'"], "training": ["app"]},
        SYSTEMS + rule("lib"),
        {**LIB, "win 1.0": ["lib<3"], "app 1.0": ["lib<3"], "app 2.0": ["lib>=3"]},
        {"feature": "lib 2.0, win 1.0", "training": "app 1.0, lib 2.0"},
    ),
    "a stage with several systems has one version": (
        {
            "feature": ["lib<3; sys_platform == 'win32'", "lib; sys_platform == 'linux'"],
            "training": ["app"],
        },
        SYSTEMS + rule("lib"),
        {**LIB, "app 1.0": ["lib"]},
        {"feature": "lib 2.0", "training": "app 1.0, lib 2.0"},
    ),
    "a stage without platforms and one with": (
        {"feature": ["app", "win; sys_platform == 'win32'"], "training": ["lib<2"]},
        ONE_SYSTEM + rule("lib"),
        {**LIB, "app 1.0": ["lib<2"], "app 2.0": ["lib>=2"], "win 1.0": []},
        {"feature": "app 1.0, lib 1.0, win 1.0", "training": "lib 1.0"},
    ),
    "different Pythons": (
        {"feature": ["lib"], "training": ["app"]},
        TWO_PYTHONS + rule("lib"),
        {
            "lib 1.0": [],
            "lib 2.0": ["python>=3.12"],
            "app 1.0": ["lib<2"],
            "app 2.0": ["python>=3.12", "lib>=2"],
        },
        {"feature": "lib 1.0", "training": "app 1.0, lib 1.0"},
    ),
    "requirements that depend on the Python": (
        {
            "feature": ["lib<3; python_version < '3.12'", "lib!=2.0; python_version >= '3.12'"],
            "training": ["lib"],
        },
        rule("lib"),
        LIB,
        {"feature": "lib 1.0", "training": "lib 1.0"},
    ),
    "extras": (
        {"feature": ["app[fast,small]"], "training": ["lib<2"]},
        rule("lib", "other"),
        {
            **LIB,
            "app 1.0": ["lib<2; extra == 'fast'", "other; extra == 'small'"],
            "app 2.0": ["lib>=2; extra == 'fast'"],
            "other 1.0": [],
        },
        {"feature": "app 1.0, lib 1.0, other 1.0", "training": "lib 1.0"},
    ),
}


@pytest.mark.parametrize(
    "words",
    [
        pytest.param([], id="aligned"),
        pytest.param(["--no-align"], id="no-align"),
    ],
)
@pytest.mark.parametrize("case", POSSIBLE)
def test_what_a_rule_demands_is_found_if_it_exists(case: str, words: list[str], demo: Lab) -> None:
    groups, settings, releases, locked = POSSIBLE[case]
    demo.write(pyproject(groups, settings))
    demo.lock(releases, *words)
    assert demo.locked == locked
    assert demo.lock(releases, "--check") == [f"{len(groups)} locks checked: all fresh."]


def test_without_a_rule_they_would_differ(demo: Lab) -> None:
    groups, _, releases, _ = POSSIBLE["what a stage alone would pick leaves the other none"]
    demo.write(pyproject(groups))
    demo.lock(releases)
    assert demo.locked == {"feature": "app 2.0, lib 3.0", "training": "lib 1.0"}


LOCAL = """\
[tool.poetry.group.feature.dependencies]
local = { path = "libs/local" }
[tool.poetry.group.training.dependencies]
local = { path = "libs/local" }
"""


@pytest.mark.parametrize("packages", [["lib"], ["lib", "local"], ["*"]])
def test_tied_stages_may_need_a_directory_of_the_project(packages: list[str], demo: Lab) -> None:
    groups = {"feature": ["local"], "training": ["local[more]", "mid"]}
    demo.write(pyproject(groups, LOCAL + rule(*packages)))
    folder = demo.root / "libs" / "local"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text("""\
[project]
name = "local"
version = "0.1"
dependencies = ["lib>=2"]
optional-dependencies = { more = ["lib<3"] }
""")
    demo.lock({**LIB, "mid 1.0": ["lib"]}, "--no-align")
    assert demo.locked == {
        "feature": "lib 2.0, local 0.1",
        "training": "lib 2.0, local 0.1, mid 1.0",
    }


def test_pins_that_the_index_no_longer_has_are_given_up(demo: Lab) -> None:
    demo.write(pyproject({"feature": ["lib"], "training": ["lib"]}, rule("lib")))
    demo.lock({"lib 1.0": [], "lib 1.1": []})
    demo.write(pyproject({"feature": ["lib"], "training": ["app"]}, rule("lib")))
    demo.lock({"lib 1.0": [], "lib 2.0": [], "app 1.0": ["lib<2"], "app 2.0": ["lib==1.5"]})
    assert demo.locked == {"feature": "lib 1.0", "training": "app 1.0, lib 1.0"}


def test_pins_are_kept_where_the_rule_lets_them_be(demo: Lab) -> None:
    demo.write(pyproject({"feature": ["app", "zoo"], "training": ["lib"]}, rule("lib")))
    old: Releases = {"app 1.0": ["lib"], "zoo 1.0": [], "lib 2.0": []}
    demo.lock(old)
    demo.write(pyproject({"feature": ["app", "zoo"], "training": ["lib", "mid"]}, rule("lib")))
    demo.lock({**LIB, **old, "app 2.0": ["lib"], "zoo 2.0": [], "mid 1.0": ["lib<2"]})
    assert demo.locked == {"feature": "app 1.0, lib 1.0, zoo 1.0", "training": "lib 1.0, mid 1.0"}


# groups, settings, releases, the error, and what is locked all the same
IMPOSSIBLE: Mapping[str, tuple[Groups, str, Releases, str, dict[str, str]]] = {
    "the project itself": (
        {"feature": ["lib<2"], "training": ["lib>=2"], "inference": ["lib"]},
        rule("lib"),
        LIB,
        """\
feature: feature and training cannot agree as tool.fti.align demands:
  feature: pyproject.toml requires lib <2
  training: pyproject.toml requires lib >=2
training: not locked: a rule in tool.fti.align ties it to feature, which failed
2 of 3 stages failed.
""",
        {"inference": "lib 3.0"},
    ),
    "packages": (
        {"feature": ["app"], "training": ["mid"], "inference": ["lib"]},
        rule("lib", level="major"),
        {
            **LIB,
            "app 1.0": ["lib<3"],
            "app 1.1": ["lib<3"],
            **{f"mid {n}.0": ["lib>=3"] for n in range(4)},
        },
        """\
feature: feature and training cannot agree as tool.fti.align demands:
  feature: app 1.0 and 1.1 requires lib <3
  feature: pyproject.toml requires app
  training: mid (each of 4 versions) requires lib >=3
  training: pyproject.toml requires mid
training: not locked: a rule in tool.fti.align ties it to feature, which failed
2 of 3 stages failed.
""",
        {"inference": "lib 3.0"},
    ),
    "a chain of rules": (
        {"feature": ["lib<2"], "training": ["lib"], "inference": ["lib>=2"]},
        rule("lib") + rule("lib", stages=("training", "inference")),
        LIB,
        """\
feature: feature and training and inference cannot agree as tool.fti.align demands:
  feature: pyproject.toml requires lib <2
  inference: pyproject.toml requires lib >=2
  training: pyproject.toml requires lib
training and inference: not locked: a rule in tool.fti.align ties it to feature, which failed
3 of 3 stages failed.
""",
        {},
    ),
    "a Python": (
        {"feature": ["lib"], "training": ["lib>=2"], "inference": ["zoo"]},
        TWO_PYTHONS + "[tool.fti.stages.inference]\n" + rule("lib"),
        {"lib 1.0": [], "lib 2.0": ["python>=3.12"], "zoo 1.0": []},
        """\
feature: feature and training cannot agree as tool.fti.align demands:
  feature: lib 2.0 requires Python >=3.12
  feature: pyproject.toml requires lib
  training: pyproject.toml requires lib >=2
training: not locked: a rule in tool.fti.align ties it to feature, which failed
2 of 3 stages failed.
""",
        {"inference": "zoo 1.0"},
    ),
    "one stage with two versions": (
        {
            "feature": ["lib<2; python_version < '3.12'", "lib>=2; python_version >= '3.12'"],
            "training": ["lib"],
        },
        rule("lib"),
        LIB,
        """\
feature: feature and training cannot agree as tool.fti.align demands:
  feature: pyproject.toml requires lib <2
  feature: pyproject.toml requires lib >=2
training: not locked: a rule in tool.fti.align ties it to feature, which failed
2 of 2 stages failed.
""",
        {},
    ),
    "a stage that fails alone": (
        {"feature": ["lib"], "training": ["nowhere"], "inference": ["lib"]},
        rule("lib"),
        LIB,
        """\
feature: not locked: a rule in tool.fti.align ties it to training, which failed
training: Because demo depends on nowhere (*) which doesn't match any versions,\
 version solving failed.
2 of 3 stages failed.
""",
        {"inference": "lib 3.0"},
    ),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_what_stands_in_the_way_of_a_rule_is_named_and_nothing_of_it_written(
    case: str, demo: Lab
) -> None:
    groups, settings, releases, error, locked = IMPOSSIBLE[case]
    demo.write(pyproject(groups, settings))
    result = demo.run(releases, "fti", "lock")
    assert (result.code, result.errors) == (1, error)
    assert demo.locked == locked


def test_the_name_of_a_project_may_be_a_number(demo: Lab) -> None:
    demo.write(
        pyproject({"feature": ["lib<2"], "training": ["lib>=2"]}, rule("lib")).replace(
            '"demo"', '"2048"'
        )
    )
    assert demo.run(LIB, "fti", "lock").errors.startswith("feature: feature and training cannot")


def test_a_lock_of_before_stays_where_a_rule_cannot_hold(demo: Lab) -> None:
    demo.write(pyproject({"feature": ["lib"], "training": ["lib"]}, rule("lib")))
    demo.lock(LIB)
    before = snapshot(demo.root / "fti")
    demo.write(pyproject({"feature": ["lib<2"], "training": ["lib>=2"]}, rule("lib")))
    assert demo.run(LIB, "fti", "lock").code == 1
    assert snapshot(demo.root / "fti") == before


def test_a_rule_holds_on_every_platform_of_a_stage_for_all(demo: Lab) -> None:
    groups = {"feature": ["lib", "win; sys_platform == 'win32'"], "training": ["lib"]}
    demo.write(pyproject(groups, rule("lib")))
    demo.lock({**LIB, "win 1.0": ["lib<2"]})
    assert demo.locked == {"feature": "lib 1.0, win 1.0", "training": "lib 1.0"}
    demo.write(
        pyproject({"feature": ["lib<2; sys_platform == 'win32'"], "training": ["lib"]}, rule("lib"))
    )
    demo.lock(LIB)
    assert demo.locked == {"feature": "lib 1.0", "training": "lib 1.0"}


def test_stages_that_are_tied_by_another_go_stale_together(demo: Lab) -> None:
    rules = rule("lib") + rule("app", stages=("training", "inference"))
    groups = {"feature": ["lib"], "training": ["lib", "app"], "inference": ["app"]}
    releases: Releases = {**LIB, "app 1.0": []}
    demo.write(pyproject(groups, rules))
    demo.lock(releases)
    demo.write(pyproject({**groups, "feature": ["lib<3"]}, rules))
    assert demo.run(releases, "fti", "lock", "--check").errors.count("does not match") == 3
    assert demo.lock(releases, "feature")[0].startswith("feature: locked")
    assert demo.lock(releases, "--check") == ["3 locks checked: all fresh."]


def test_a_new_rule_makes_its_stages_stale_and_brings_them_together(demo: Lab) -> None:
    groups = {"feature": ["lib<2"], "training": ["app"], "inference": ["lib"]}
    releases: Releases = {**LIB, "app 1.0": ["lib"], "app 2.0": ["lib>=2"]}
    demo.write(pyproject(groups))
    demo.lock(releases)
    demo.write(pyproject(groups, rule("lib")))
    assert demo.lock(releases)[:5] == [
        "feature: locked 1 package, no version changed",
        "training: locked 2 packages: 0 added, 0 removed, 2 updated",
        "  ~ app 2.0 -> 1.0",
        "  ~ lib 3.0 -> 1.0",
        "inference: fresh, 1 package",
    ]
    demo.write(pyproject(groups))
    assert demo.lock(releases)[:3] == [
        "feature: locked 1 package, no version changed",
        "training: locked 2 packages, no version changed",
        "inference: fresh, 1 package",
    ]
