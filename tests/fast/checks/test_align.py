"""Check `align`: rules that the locks violate, and names in rules that match no package."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import checked
from memory_commands import run
from poetry_fti.checks import load_check
from poetry_fti.checks.shared.facts import AlignRule
from poetry_fti.model.origins import IndexOrigin
from poetry_fti.model.rule import Rule
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject
    from poetry_fti.checks.shared.facts import CheckedStage
    from poetry_fti.model.rule import Level

BOTH = ("training", "inference")


def stages(training: str, inference: str) -> tuple[CheckedStage, ...]:
    return (
        checked.stage("feature", {"lib": "1.0"}),
        checked.stage("training", {"lib": training, "other": "1.0"}),
        checked.stage("inference", {"lib": inference, "other": "2.0"}),
    )


def findings(
    found: tuple[CheckedStage, ...],
    level: Level = "exact",
    bound: tuple[str, ...] = BOTH,
    unmatched: tuple[tuple[int, str], ...] = (),
) -> list[str]:
    """Return the findings on stages with a rule for the package lib."""
    rule = AlignRule(
        path="tool.fti.align[3]", rule=Rule(bound, ("lib",), level), unmatched=unmatched
    )
    project = replace(checked.project(*found), align_rules=lambda: [rule])
    return [
        f"{each.level} {each.path} {each.package}\n{each.message}\n{each.because}\n{each.fix}"
        for each in load_check("align").find(project)
    ]


def test_packages_that_agree_as_far_as_the_rule_demands_are_no_findings() -> None:
    assert findings(stages("2.1", "2.1")) == []
    assert findings(stages("2.1.1", "2.1.2"), "minor") == []
    assert findings(stages("2.1", "2.2"), "major") == []
    assert findings(stages("2.1", "3.0"), "none") == []
    assert findings(stages("2.1", "2.1")[1:2]) == []


def test_a_violated_rule_is_reported_with_the_versions_of_its_stages() -> None:
    assert findings(stages("2.1", "2.2")) == [
        (
            "error tool.fti.align[3] lib\n"
            "lib violates a rule: 2.2 in inference, 2.1 in training\n"
            "tool.fti.align[3] demands the same version in training and inference\n"
            "Run `poetry fti lock training inference`"
        )
    ]
    assert findings(stages("2.1", "2.1"), "minor", ("feature", *BOTH)) == [
        (
            "error tool.fti.align[3] lib\n"
            "lib violates a rule: 2.1 in training and inference, 1.0 in feature\n"
            "tool.fti.align[3] demands the same minor version in feature, training and inference\n"
            "Run `poetry fti lock`"
        )
    ]


def test_one_version_from_two_origins_violates_a_rule() -> None:
    feature, training, inference = stages("2.1", "2.1")

    def of(stage: CheckedStage, source: str, digest: str) -> CheckedStage:
        return replace(
            stage,
            packages=tuple(
                replace(each, origin=IndexOrigin(source), digests=frozenset({f"sha256:{digest}"}))
                for each in stage.packages
            ),
        )

    assert findings((feature, of(training, "a", "01"), of(inference, "b", "02"))) == [
        (
            "error tool.fti.align[3] lib\n"
            "lib violates a rule: 2.1 from a in training, from b in inference\n"
            "tool.fti.align[3] demands the same version in training and inference\n"
            "Require lib from the same origin in these stages"
        )
    ]
    assert findings((feature, of(training, "a", "01"), of(inference, "a", "02"))) == [
        (
            "error tool.fti.align[3] lib\n"
            "lib violates a rule: 2.1 from a (01) in training, from a (02) in inference\n"
            "tool.fti.align[3] demands the same version in training and inference\n"
            "Run `poetry fti update lib`"
        )
    ]


def test_a_name_that_matches_no_package_is_reported() -> None:
    assert findings(stages("2.1", "2.1"), unmatched=((1, "no package matches"),)) == [
        (
            "warning tool.fti.align[3].packages[1] None\nno package matches\n\n"
            "Correct the name, or remove it from the rule"
        )
    ]


@pytest.mark.slow
def test_merged_locks_violate_a_rule_until_they_are_locked_again(demo: MemoryProject) -> None:
    demo.index.offer({"scikit-learn 1.0": [], "scikit-learn 2.0": []})
    groups = {"training": ["scikit-learn"], "inference": ["scikit-learn"], "feature": []}
    rule = (
        '[[tool.fti.align]]\nstages = ["training", "inference"]\npackages = ["sci*", "sklearn"]\n'
    )
    demo.write(pyproject({**groups, "training": ["scikit-learn<2"]}))
    demo.lock()
    lock = demo.root / "fti/training/poetry.lock"
    ours = lock.read_text()
    demo.write(pyproject(groups, f"{rule}level = 'major'\n"))
    demo.lock(regenerate=True)
    assert run(demo, "check", "--only", "align").output == (
        """\
project
  warning no package of training and inference matches "sklearn"; did you mean "scikit-learn"?\
 [align]
    Correct the name, or remove it from the rule.

1 check run: 0 errors, 1 warning.
"""
    )
    metadata = lock.read_text().partition("\n[metadata]")[2]
    lock.write_text(f"{ours.partition('[metadata]')[0]}[metadata]{metadata}")
    violated = run(demo, "check", "--only", "align")
    assert violated.output == (
        """\
project
  error scikit-learn violates a rule: 2.0 in inference, 1.0 in training [align]
    tool.fti.align[0] demands the same major version in training and inference
    Run `poetry fti lock training inference`.

1 check run: 1 error, 0 warnings.
"""
    )
    demo.lock("training", "inference")
    assert run(demo, "check", "--only", "align").code == 0
