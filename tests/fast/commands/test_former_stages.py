"""Stages stay stages beside others, and only folders of stages that are gone are offered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from memory_commands import Ended, run
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

pytestmark = pytest.mark.slow

GROUPS: Final = {"feature": ["app"], "training": ["mid"], "inference": ["app", "mid"]}


def locked(demo: MemoryProject) -> None:
    demo.index.offer({"app 1.0": [], "mid 1.0": []})
    demo.write(pyproject(GROUPS))
    demo.lock()


def listed(demo: MemoryProject) -> tuple[list[str], list[str]]:
    """Return the names of the stages and of the folders offered for deletion."""
    data = json.loads(run(demo, "list", "--format", "json").output)
    return [each["stage"] for each in data["stages"]], data["leftovers"]


def test_configuring_one_stage_keeps_the_others(demo: MemoryProject) -> None:
    locked(demo)
    demo.write(pyproject(GROUPS, '[tool.fti.stages.inference.image]\ncommand = ["serve"]\n'))
    assert run(demo, "lock", "--check") == Ended(0, "3 locks checked: all fresh.\n")
    assert listed(demo) == (["feature", "training", "inference"], [])


def test_the_folder_of_a_stage_that_another_takes_over_is_kept(demo: MemoryProject) -> None:
    locked(demo)
    declared = '[tool.fti.stages.torch]\nkind = "training"\ngroups = ["training"]\n'
    demo.write(pyproject(GROUPS, declared))
    assert listed(demo) == (["feature", "torch", "inference"], [])
    assert run(demo, "clean", "--yes") == Ended(
        0,
        """\
fti/training: kept, because the dependency group "training" exists
Nothing to remove: every other folder belongs to a stage.
""",
    )
    assert "training" in demo.locked


def test_the_folder_of_a_stage_without_its_table_is_kept(demo: MemoryProject) -> None:
    demo.index.offer({"app 1.0": [], "mid 1.0": []})
    groups = {"Batch_A": ["app"], **GROUPS}
    demo.write(pyproject(groups, '[tool.fti.stages.batch-a]\nkind = "inference"\n'))
    demo.lock()
    demo.write(pyproject(groups))
    assert listed(demo) == (["feature", "training", "inference"], [])
    demo.write(pyproject(GROUPS))
    assert listed(demo)[1] == ["fti/batch-a"]
    assert run(demo, "clean", "--yes").output == "fti/batch-a: poetry.lock\n  removed\n"
    assert sorted(demo.locked) == ["feature", "inference", "training"]
