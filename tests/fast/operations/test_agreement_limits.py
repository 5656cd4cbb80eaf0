"""What agreement does not cost: versions a stage could not choose, time, and silence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from poetry_fti.commands.shared.reports.held_back import held_back_lines, unfinished_lines
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from memory_index import MemoryProject
    from poetry_fti.operations.locking.request import LockResult
    from small_index import Releases

pytestmark = pytest.mark.slow

LIB: Final[Releases] = {"lib 1.0": [], "lib 2.0": [], "lib 3.0": []}
PRERELEASES: Final = """\
[tool.poetry.group.training.dependencies]
lib = {version = ">=1.0", allow-prereleases = true}
"""


def exempting(*packages: str, stages: tuple[str, ...] = ("training",)) -> str:
    return f"""\
[[tool.fti.align]]
packages = {list(packages)}
stages = {list(stages)}
level = "none"
"""


def held_back(demo: MemoryProject, results: Mapping[str, LockResult]) -> list[str]:
    lines = held_back_lines(results, demo.load().comparable())
    return [re.sub(r"</?comment>", "", line).replace("\\<", "<") for line in lines]


def cloud(releases: int) -> dict[str, list[str]]:
    """Return an index in which every release of a library needs an old one of another."""
    found = {"net 2.0": [], "net 1.0": [], "store 1.0": ["http", "sdk"], "http 1.0": ["net<3"]}
    for number in range(releases):
        found[f"core 1.{number}"] = ["net<2"]
        found[f"sdk 1.{number}"] = [f"core==1.{number}"]
    return found


@pytest.mark.parametrize("order", [(), ("training", "inference"), ("inference", "training")])
def test_a_stage_gets_no_pre_release_of_a_sibling_that_allows_them(
    demo: MemoryProject, order: tuple[str, ...]
) -> None:
    demo.index.offer({"lib 1.0": [], "lib 1.1": [], "lib 2.0rc1": []})
    demo.write(pyproject({"inference": ["lib>=1"], "training": []}, PRERELEASES))
    for stage in order:
        demo.lock(stage)
    demo.lock()
    assert demo.locked == {"inference": "lib 1.1", "training": "lib 2.0rc1"}


@pytest.mark.parametrize("order", [(), ("feature", "training"), ("training", "feature")])
def test_a_stage_gets_no_yanked_release_of_a_sibling_that_requires_it(
    demo: MemoryProject, order: tuple[str, ...]
) -> None:
    demo.index.offer({"lib 1.0": [], "lib 2.0": ["yanked wrong"]})
    demo.write(pyproject({"feature": ["lib==2.0"], "training": ["lib"]}))
    for stage in order:
        demo.lock(stage)
    demo.lock()
    assert demo.locked == {"feature": "lib 2.0", "training": "lib 1.0"}


def test_a_candidate_with_a_contradiction_ends_the_attempt_only(demo: MemoryProject) -> None:
    demo.index.offer(
        {**LIB, "app 1.0": ["mid"], "mid 2.0": ["lib>1"], "mid 1.0": ["lib<2", "lib>2"]}
    )
    demo.write(pyproject({"feature": ["app"], "training": ["lib<2"]}))
    demo.lock()
    assert demo.locked == {"feature": "app 1.0, lib 3.0, mid 2.0", "training": "lib 1.0"}


def test_agreement_does_not_go_through_all_releases_of_a_library(demo: MemoryProject) -> None:
    demo.index.offer(cloud(80))
    demo.write(pyproject({"feature": ["store", "http"], "inference": ["http"]}))
    demo.lock()
    assert demo.locked == {
        "feature": "core 1.79, http 1.0, net 1.0, sdk 1.79, store 1.0",
        "inference": "http 1.0, net 1.0",
    }
    assert len(demo.index.requests) < 50


def test_the_lock_of_a_sibling_does_not_lead_through_all_releases_either(
    demo: MemoryProject,
) -> None:
    demo.index.offer(cloud(80))
    demo.write(pyproject({"feature": ["store", "http"], "inference": ["http"]}))
    demo.lock("inference")
    demo.index.requests.clear()
    demo.lock("feature")
    assert demo.locked == {
        "feature": "core 1.79, http 1.0, net 1.0, sdk 1.79, store 1.0",
        "inference": "http 1.0, net 2.0",
    }
    assert len(demo.index.requests) < 60


def test_what_agreement_holds_back_is_reported_with_its_reason(demo: MemoryProject) -> None:
    demo.index.offer({**LIB, "app 1.0": ["lib<2"]})
    demo.write(pyproject({"feature": ["app"], "training": ["lib"], "inference": ["lib<3"]}))
    results = demo.lock()
    assert held_back(demo, results) == [
        "",
        "training: lib 1.0, not 3.0, to agree with feature (app 1.0 requires lib <2)",
        "inference: lib 1.0, not 2.0, to agree with feature (app 1.0 requires lib <2)",
        (
            'To let stages differ, add a rule to [[tool.fti.align]] with level = "none" and'
            ' packages = ["lib"], or ["*"]; then run <info>poetry fti update lib</info>.'
        ),
    ]
    assert held_back(demo, demo.lock()) == []


def test_a_direct_requirement_of_another_major_version_is_named_first(
    demo: MemoryProject,
) -> None:
    demo.index.offer({"app 1.0": ["base"], **LIB, "base 1.0": [], "base 1.1": []})
    groups = {"feature": ["app", "base==1.0", "lib<2"], "training": ["app", "lib"]}
    demo.write(pyproject(groups))
    first, second = held_back(demo, demo.lock())[1:3]
    assert first == (
        "training: lib 1.0, not 3.0, to agree with feature (pyproject.toml requires lib <2)"
    )
    assert second == (
        "training: base 1.0, not 1.1, to agree with feature (pyproject.toml requires base ==1.0)"
    )


def test_packages_that_agreement_adds_are_named_before(demo: MemoryProject) -> None:
    demo.index.offer({**LIB, "lib 1.0": ["old"], "old 1.0": []})
    demo.write(pyproject({"feature": ["lib<2"], "training": ["lib"]}))
    assert held_back(demo, demo.lock())[:3] == [
        "",
        "training has 1 package more than on its own to agree with other stages: old",
        "training: lib 1.0, not 3.0, to agree with feature (pyproject.toml requires lib <2)",
    ]


def test_what_a_rule_holds_back_is_reported_as_it_is_locked(demo: MemoryProject) -> None:
    demo.index.offer({**LIB, "app 1.0": ["lib<2"], "app 2.0": ["lib>=2"]})
    rule = '[[tool.fti.align]]\npackages = ["lib"]\nstages = ["feature", "training"]\n'
    demo.write(pyproject({"feature": ["app"], "training": ["lib<2"]}, rule))
    assert held_back(demo, demo.lock()) == [
        "",
        "feature: app 1.0, not 2.0, which the versions that it has agreed on require",
        (
            "feature: lib 1.0, not 3.0, to agree with training, as tool.fti.align demands"
            " (pyproject.toml requires lib <2)"
        ),
    ]
    assert demo.locked == {"feature": "app 1.0, lib 1.0", "training": "lib 1.0"}


def test_a_version_that_a_stage_had_for_some_pythons_is_to_agree_with_others(
    demo: MemoryProject,
) -> None:
    demo.index.offer({"lib 1.0": [], "lib 2.0": ["python>=3.12"]})
    training = ["lib>0.1; python_version < '3.12'", "lib>0.2; python_version >= '3.12'"]
    newer = '[tool.fti.stages.inference]\npython = ">=3.12"\n'
    demo.write(pyproject({"training": training, "inference": ["lib"]}, newer))
    assert held_back(demo, demo.lock())[1:3] == [
        "training: lib 1.0, not 2.0, to agree with inference",
        "inference: lib 1.0, not 2.0, to agree with training",
    ]
    assert demo.locked == {"training": "lib 1.0", "inference": "lib 1.0"}


@pytest.mark.parametrize("level", ["exact", "minor", "major"])
def test_requirements_that_no_rule_can_reconcile_are_found_on_the_pages(
    demo: MemoryProject, level: str
) -> None:
    demo.index.offer({f"lib {number}.0": [] for number in range(1, 60)})
    groups = {"feature": ["lib<50"], "training": ["lib>=50"]}
    rule = f'[[tool.fti.align]]\npackages = ["lib"]\nlevel = "{level}"\n'
    demo.write(pyproject(groups, rule))
    assert str(demo.lock()["feature"].error) == (
        "feature and training cannot agree as tool.fti.align demands:\n"
        "  feature: pyproject.toml requires lib <50\n"
        "  training: pyproject.toml requires lib >=50"
    )
    assert len(demo.index.requests) < 10


def test_a_rule_of_level_none_exempts_a_stage(demo: MemoryProject) -> None:
    demo.index.offer({**LIB, "tool 1.0": [], "tool 2.0": []})
    groups = {"feature": ["lib<2", "tool<2"], "training": ["lib", "tool"]}
    demo.write(pyproject(groups, exempting("lib")))
    results = demo.lock()
    assert demo.locked == {"feature": "lib 1.0, tool 1.0", "training": "lib 3.0, tool 1.0"}
    assert [each.package for each in results["training"].held_back] == ["tool"]


def test_a_rule_of_level_none_makes_no_lock_stale_and_takes_effect_with_an_update(
    demo: MemoryProject,
) -> None:
    demo.index.offer(LIB)
    groups = {"feature": ["lib<2"], "training": ["lib"]}
    demo.write(pyproject(groups))
    demo.lock()
    demo.write(pyproject(groups, exempting("*")))
    assert all(result.is_fresh for result in demo.lock().values())
    demo.update("lib")
    assert demo.locked == {"feature": "lib 1.0", "training": "lib 3.0"}


def test_a_stage_that_is_exempt_does_not_take_the_versions_of_other_locks(
    demo: MemoryProject,
) -> None:
    demo.index.offer(LIB)
    demo.write(pyproject({"feature": ["lib<2"], "training": ["lib"]}, exempting("lib")))
    demo.lock("feature")
    demo.lock("training")
    assert demo.locked == {"feature": "lib 1.0", "training": "lib 3.0"}


def test_attempts_that_were_given_up_are_named(demo: MemoryProject) -> None:
    # Each release of the library is refused only by the last one of a chain of requirements.
    chain = {
        f"step{number} {version}.0": [f"step{number + 1}=={version}.0"] if number < 4 else ["lib<2"]
        for number in range(5)
        for version in range(20)
    }
    demo.index.offer({**LIB, **chain, "app 1.0": ["step0"]})
    demo.write(pyproject({"feature": ["app"], "training": ["lib>2"]}))
    results = demo.lock()
    assert demo.locked["training"] == "lib 3.0"
    assert list(unfinished_lines(results)) == [
        "",
        (
            "Agreement was not tried to the end, because it takes much longer than solving a"
            " stage on its own, for lib (feature)."
        ),
    ]
