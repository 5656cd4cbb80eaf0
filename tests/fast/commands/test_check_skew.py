"""`poetry fti check --only skew`: pairs of stages, and locks that were written by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from hand_locks import KEYS, METADATA, write_lock
from memory_commands import Ended, run
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

STAGES: Final = """\
[tool.fti.stages.training]
[tool.fti.stages.torch-training]
kind = "training"
[tool.fti.stages.inference]
[tool.fti.stages.batch-inference]
kind = "inference"
"""
VERSIONS: Final = {
    "training": "3.0.5",
    "torch-training": "3.1.0",
    "inference": "3.0.5",
    "batch-inference": "1.7.6",
}
GROUPS: Final = dict.fromkeys(VERSIONS, ("xgboost",))
FIX: Final = (
    'Add a rule to [[tool.fti.align]] with packages = ["xgboost"] and stages = ["torch-training",'
    ' "{}"], and run `poetry fti lock`, which finds a version that both can have, or names the'
    " requirements that prevent it"
)


def findings(demo: MemoryProject, *words: str) -> list[dict[str, Any]]:
    ended = run(demo, "check", "--only", "skew", "--format", "json", *words)
    found: list[dict[str, Any]] = json.loads(ended.output)["findings"]
    return found


@pytest.fixture
def fleet(demo: MemoryProject) -> MemoryProject:
    """A project whose training and inference stages have four versions of xgboost."""
    demo.write(pyproject(GROUPS, STAGES))
    for stage, version in VERSIONS.items():
        write_lock(demo.root, stage, {"xgboost": version})
    return demo


def test_each_ordered_pair_of_stages_is_a_finding(fleet: MemoryProject) -> None:
    found = findings(fleet)
    assert [(each["producer"], each["consumer"], each["silent"]) for each in found] == [
        ("torch-training", "batch-inference", True),
        ("training", "batch-inference", False),
        ("torch-training", "inference", True),
    ]
    assert found[0] == {
        "check": "skew",
        "level": "error",
        "stage": "batch-inference",
        "package": "xgboost",
        "message": (
            "What torch-training saves with xgboost 3.1.0, batch-inference loads with xgboost"
            " 1.7.6: models of xgboost 3.1 and later load without an error, and predict wrongly"
            " (silent); pickled scikit-learn wrappers of xgboost 2 and later cannot be used in 1.7"
            " and older"
        ),
        "because": "",
        "fix": FIX.format("batch-inference"),
        "path": "tool.fti.stages.batch-inference",
        "producer": "torch-training",
        "consumer": "batch-inference",
        "producer_version": "3.1.0",
        "consumer_version": "1.7.6",
        "silent": True,
    }


@pytest.mark.slow
def test_a_finding_is_on_both_stages(fleet: MemoryProject) -> None:
    assert len(findings(fleet, "torch-training")) == 2
    assert len(findings(fleet, "inference")) == 1
    waiver = '[[tool.fti.check.waivers]]\ncheck = "skew"\nreason = "why"\n'
    fleet.write(pyproject(GROUPS, f'{STAGES}{waiver}stages = ["torch-training"]\n'))
    assert [(each["producer"], each["consumer"]) for each in findings(fleet)] == [
        ("training", "batch-inference")
    ]


@pytest.mark.slow
def test_a_finding_is_in_every_report_of_either_stage(fleet: MemoryProject) -> None:
    words = ("check", "torch-training", "--only", "skew", "--format")
    for form, text in (
        ("junit", "<failure "),
        ("github", "::error "),
        ("sarif", '"level": "error"'),
    ):
        assert run(fleet, *words, form).output.count(text) == 2


@pytest.mark.slow
def test_findings_are_printed_below_the_stage_that_loads(fleet: MemoryProject) -> None:
    assert run(fleet, "check", "inference", "--only", "skew") == Ended(
        3,
        "inference\n"
        "  error What torch-training saves with xgboost 3.1.0, inference loads with xgboost 3.0.5:"
        " models of xgboost 3.1 and later load without an error, and predict wrongly (silent)"
        " [skew]\n"
        f"    {FIX.format('inference')}.\n\n"
        "1 check run: 1 error, 0 warnings.\n",
    )


@pytest.mark.parametrize(
    "left_out",
    [
        *("", "all"),
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in (
                *("groups", "files", "optional", "python-versions", "description", "metadata"),
            )
        ),
    ],
)
def test_locks_that_were_written_by_hand_are_read(demo: MemoryProject, left_out: str) -> None:
    demo.write(pyproject({"training": ["xgboost"], "inference": ["xgboost"]}))
    keys = ("name", "version") if left_out == "all" else KEYS
    for stage, version in {"training": "3.1.0", "inference": "3.0.5"}.items():
        chosen = [key for key in keys if key != left_out]
        end = "" if left_out == "metadata" else METADATA
        write_lock(demo.root, stage, {"xgboost": version}, chosen, end)
    (finding,) = findings(demo)
    assert (finding["producer_version"], finding["consumer_version"]) == ("3.1.0", "3.0.5")


def test_a_lock_with_merge_markers_is_not_compared(fleet: MemoryProject) -> None:
    path = fleet.root / "fti" / "torch-training" / "poetry.lock"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n", encoding="utf-8")
    assert [each["producer"] for each in findings(fleet)] == ["training"]


def test_the_severity_and_a_setting_of_the_check_are_in_a_table(demo: MemoryProject) -> None:
    settings = '[tool.fti.check.skew]\nseverity = "warning"\nfeature-transformers = true\n'
    demo.write(pyproject({"feature": ["xgboost"], "inference": ["xgboost"]}, settings))
    write_lock(demo.root, "feature", {"xgboost": "3.1.0"})
    write_lock(demo.root, "inference", {"xgboost": "3.0.5"})
    assert [(each["producer"], each["level"]) for each in findings(demo)] == [
        ("feature", "warning")
    ]


def test_wrong_settings_of_the_check_are_problems(demo: MemoryProject) -> None:
    settings = (
        '[tool.fti.check.skew]\nseverity = "fatal"\nfeature-transformer = true\n'
        "feature-transformers = 1\n"
        "[tool.fti.stages.inference.check.skew]\n"
    )
    demo.write(pyproject({"inference": ["xgboost"]}, settings))
    ended = run(demo, "check")
    assert ended.code == 2
    assert ended.errors.splitlines()[1:] == [
        "  tool.fti.stages.inference.check.skew: must be a string, not a table",
        (
            "  tool.fti.check.skew.feature-transformer: unknown key; did you mean"
            ' "feature-transformers"?'
        ),
        '  tool.fti.check.skew.severity: unknown "fatal" (known: error, warning, off)',
        "  tool.fti.check.skew.feature-transformers: must be true or false, not an integer",
    ]
