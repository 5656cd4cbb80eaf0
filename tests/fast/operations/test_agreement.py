"""Agreement of locked stages: aligned versions, rules, and the reasons for differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from poetry_fti.operations.comparison import compare_project, compare_stages
from small_index import pyproject, rule

if TYPE_CHECKING:
    from memory_index import MemoryProject
    from small_index import Releases

LIB: Final[Releases] = {"lib 1.0": [], "lib 2.0": [], "lib 3.0": []}
APP: Final[Releases] = {**LIB, "app 1.0": ["lib<2"], "app 2.0": ["lib>=2"]}


def errors(demo: MemoryProject) -> dict[str, str]:
    return {stage: str(result.error) for stage, result in demo.lock().items() if result.error}


def divergences(demo: MemoryProject) -> list[tuple[str, str, list[str]]]:
    """Return name, versions and reasons of each divergence between the stages on disk."""
    comparison = compare_project(demo.load())
    assert comparison is not None
    return [
        (
            found.name,
            ", ".join(f"{v[0]} in {' and '.join(stages)}" for v, stages in found.versions),
            [f"{reason.stage}: {reason.text}" for reason in found.reasons],
        )
        for found in comparison.divergences
    ]


def test_stages_agree_on_the_newest_version_that_all_can_have(demo: MemoryProject) -> None:
    demo.index.offer(LIB)
    demo.write(pyproject({"feature": ["lib"], "training": ["lib<3"], "inference": ["lib>1"]}))
    demo.lock()
    assert demo.locked == dict.fromkeys(("feature", "training", "inference"), "lib 2.0")
    comparison = compare_project(demo.load())
    assert comparison is not None
    assert (comparison.shared, comparison.divergences) == (1, ())


@pytest.mark.slow
def test_stages_that_cannot_agree_differ_for_a_reason(demo: MemoryProject) -> None:
    demo.index.offer(APP)
    demo.write(pyproject({"feature": ["app<2"], "training": ["lib>=2"]}))
    demo.lock()
    assert demo.locked == {"feature": "app 1.0, lib 1.0", "training": "lib 3.0"}
    assert divergences(demo) == [
        (
            "lib",
            "3.0 in training, 1.0 in feature",
            ["feature: app 1.0 requires lib <2"],
        )
    ]


@pytest.mark.slow
def test_stages_that_are_not_aligned_have_the_newest_versions(demo: MemoryProject) -> None:
    demo.index.offer(LIB)
    demo.write(pyproject({"feature": ["lib"], "training": ["lib<3"]}))
    demo.lock(aligned=False)
    assert demo.locked == {"feature": "lib 3.0", "training": "lib 2.0"}
    assert divergences(demo) == [
        (
            "lib",
            "3.0 in feature, 2.0 in training",
            ["training: pyproject.toml requires lib <3"],
        )
    ]


@pytest.mark.slow
def test_a_lock_that_is_not_solved_is_adopted(demo: MemoryProject) -> None:
    demo.index.offer(LIB)
    demo.write(pyproject({"feature": ["lib<3"]}))
    demo.lock()
    demo.write(pyproject({"feature": ["lib<3"], "training": ["lib"]}))
    demo.lock("training")
    assert demo.locked == {"feature": "lib 2.0", "training": "lib 2.0"}


@pytest.mark.slow
def test_fewer_than_two_fresh_locks_are_not_compared(demo: MemoryProject) -> None:
    demo.index.offer(LIB)
    demo.write(pyproject({"feature": ["lib"], "training": ["lib"]}))
    demo.lock("training")
    assert compare_project(demo.load()) is None


@pytest.mark.slow
def test_chosen_stages_are_compared(demo: MemoryProject) -> None:
    demo.index.offer(APP)
    demo.write(pyproject({"feature": ["app<2"], "training": ["app>1"], "inference": ["app>1"]}))
    demo.lock()
    project = demo.load()
    chosen = compare_stages([project.locked(s) for s in project.select(["training", "inference"])])
    assert (chosen.shared, chosen.divergences) == (2, ())
    everything = compare_stages([project.locked(stage) for stage in project.stages])
    assert [found.name for found in everything.divergences] == ["app", "lib"]


@pytest.mark.slow
def test_a_rule_may_cost_what_alignment_may_not(demo: MemoryProject) -> None:
    demo.index.offer(APP)
    groups = {"feature": ["app"], "training": ["lib<2"]}
    demo.write(pyproject(groups))
    demo.lock()
    assert demo.locked == {"feature": "app 2.0, lib 3.0", "training": "lib 1.0"}
    demo.write(pyproject(groups, rule("lib")))
    demo.lock()
    assert demo.locked == {"feature": "app 1.0, lib 1.0", "training": "lib 1.0"}


@pytest.mark.parametrize(
    ("level", "feature", "training"),
    [
        ("major", "lib 2.1.0", "lib 2.2.0"),
        pytest.param("minor", "lib 2.1.0", "lib 2.1.7", marks=pytest.mark.slow),
    ],
)
def test_a_rule_may_compare_a_part_of_the_version(
    demo: MemoryProject, level: str, feature: str, training: str
) -> None:
    demo.index.offer({"lib 2.1.0": [], "lib 2.1.7": [], "lib 2.2.0": [], "lib 3.0.0": []})
    wanted = "lib!=2.1.0,<2.2" if level == "minor" else "lib>2.1.7"
    demo.write(
        pyproject({"feature": ["lib<2.1.5"], "training": [wanted]}, rule("lib", level=level))
    )
    demo.lock()
    assert demo.locked == {"feature": feature, "training": training}


@pytest.mark.slow
def test_a_rule_leaves_alone_what_it_does_not_name(demo: MemoryProject) -> None:
    """Two versions of a package, for different Pythons, stay two if no rule binds it."""
    split = ["net<2; python_version < '3.12'", "net>=1; python_version >= '3.12'"]
    demo.index.offer({**APP, "net 1.0": [], "net 2.0": [], "tool 1.0": split})
    groups = {"feature": ["lib<2"], "training": ["tool", "app"]}
    demo.write(pyproject(groups))
    demo.lock()
    before = demo.locked["training"]
    assert before == "app 2.0, lib 3.0, net 1.0, net 2.0, tool 1.0"
    demo.write(pyproject(groups, rule("lib", "app")))
    demo.lock()
    assert demo.locked["training"] == "app 1.0, lib 1.0, net 1.0, net 2.0, tool 1.0"


@pytest.mark.slow
def test_a_rule_that_cannot_hold_names_the_requirements(demo: MemoryProject) -> None:
    demo.index.offer(APP)
    groups = {"feature": ["app<2"], "training": ["lib>1"], "inference": ["lib"]}
    demo.write(pyproject(groups, rule("lib")))
    assert errors(demo) == {
        "feature": (
            "feature and training cannot agree as tool.fti.align demands:\n"
            "  feature: app 1.0 requires lib <2\n"
            "  feature: pyproject.toml requires app <2\n"
            "  training: pyproject.toml requires lib >1"
        ),
        "training": "not locked: a rule in tool.fti.align ties it to feature, which failed",
    }
    assert demo.locked == {"inference": "lib 3.0"}


@pytest.mark.slow
def test_a_rule_that_the_stages_themselves_contradict_names_these_requirements(
    demo: MemoryProject,
) -> None:
    demo.index.offer(APP)
    groups = {"feature": ["app<2", "lib<2"], "training": ["app>=2", "lib>=2"]}
    demo.write(pyproject(groups, rule("lib", "app")))
    assert errors(demo)["feature"] == (
        "feature and training cannot agree as tool.fti.align demands:\n"
        "  feature: pyproject.toml requires app <2\n"
        "  feature: pyproject.toml requires lib <2\n"
        "  training: pyproject.toml requires app >=2\n"
        "  training: pyproject.toml requires lib >=2"
    )


@pytest.mark.slow
def test_local_labels_do_not_contradict_a_rule(demo: MemoryProject) -> None:
    demo.index.offer({"lib 2.0+a": [], "lib 2.0+b": []})
    groups = {"feature": ["lib==2.0+a"], "training": ["lib==2.0+b"]}
    demo.write(pyproject(groups, rule("lib")))
    assert errors(demo) == {}


@pytest.mark.slow
def test_many_versions_with_the_same_requirement_are_counted(demo: MemoryProject) -> None:
    versions = {f"app {number}.0": ["lib<2"] for number in range(1, 6)}
    demo.index.offer({**LIB, **versions, "app 6.0": ["python>=3.99", "lib<2"]})
    demo.write(pyproject({"feature": ["app"], "training": ["lib>1"]}, rule("lib")))
    assert errors(demo)["feature"].splitlines()[1:] == [
        "  feature: app (each of 5 versions) requires lib <2",
        "  feature: app 6.0 requires Python >=3.99",
        "  feature: pyproject.toml requires app",
        "  training: pyproject.toml requires lib >1",
    ]


@pytest.mark.slow
def test_a_stage_that_fails_takes_those_that_a_rule_ties_to_it(demo: MemoryProject) -> None:
    demo.index.offer(LIB)
    groups = {"feature": ["lib>9"], "training": ["lib"], "inference": ["lib"]}
    demo.write(pyproject(groups, rule("lib")))
    found = errors(demo)
    assert "doesn't match any versions" in found["feature"]
    assert found["training"] == (
        "not locked: a rule in tool.fti.align ties it to feature, which failed"
    )
    assert demo.locked == {"inference": "lib 3.0"}


@pytest.mark.slow
def test_tied_stages_are_locked_and_updated_together(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [], "zoo 1.0": []})
    groups = {"feature": ["lib"], "training": ["lib", "zoo"]}
    demo.write(pyproject(groups, rule("lib")))
    assert list(demo.lock("training")) == ["feature", "training"]
    demo.index.offer({**LIB, "zoo 1.0": [], "zoo 2.0": []})
    demo.update(stages=["feature"])
    assert demo.locked == {"feature": "lib 3.0", "training": "lib 3.0, zoo 1.0"}


@pytest.mark.slow
def test_an_update_that_a_tied_stage_cannot_follow_is_limited(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": []})
    groups = {"feature": ["lib"], "training": ["lib<3"]}
    demo.write(pyproject(groups, rule("lib")))
    demo.lock()
    demo.index.offer(LIB)
    demo.update("lib", stages=["feature"])
    assert demo.locked == {"feature": "lib 2.0", "training": "lib 2.0"}


@pytest.mark.slow
def test_a_rule_holds_for_requirements_that_depend_on_the_python(demo: MemoryProject) -> None:
    demo.index.offer(LIB)
    split = ["lib<3; python_version < '3.12'", "lib!=2.0; python_version >= '3.12'"]
    demo.write(pyproject({"feature": split, "training": ["lib"]}, rule("lib")))
    demo.lock()
    assert demo.locked == {"feature": "lib 1.0", "training": "lib 1.0"}


@pytest.mark.slow
def test_a_rule_binds_stages_with_platforms_pythons_and_extras(demo: MemoryProject) -> None:
    demo.index.offer(
        {
            **LIB,
            "app 1.0": ["lib<2; extra == 'fast'", "win; sys_platform == 'win32'"],
            "app 2.0": ["lib>=2; extra == 'fast'"],
            "win 1.0": [],
        }
    )
    settings = """\
[tool.fti.stages.feature]
platforms = ["linux/amd64", "windows/amd64"]
[tool.fti.stages.training]
python = ">=3.12"
"""
    groups = {"feature": ["app[fast]"], "training": ["lib<2"]}
    demo.write(pyproject(groups, settings + rule("lib")))
    demo.lock()
    assert demo.locked == {"feature": "app 1.0, lib 1.0, win 1.0", "training": "lib 1.0"}


def test_locks_that_break_a_rule_together_are_stale(demo: MemoryProject) -> None:
    demo.index.offer(LIB)
    groups = {"feature": ["lib"], "training": ["lib"]}
    demo.write(pyproject(groups, rule("lib")))
    demo.lock()
    lock = demo.root / "fti/training/poetry.lock"
    newest = lock.read_text(encoding="utf-8")
    lock.write_text(newest.replace('version = "3.0"', 'version = "2.0"'), encoding="utf-8")
    project = demo.load()
    (training,) = project.select(["training"])
    assert project.status(training).state == "stale"
    assert project.problem(training) == (
        "fti/training/poetry.lock violates a rule of tool.fti.align."
        " Run `poetry fti lock training`."
    )
