"""Overrides, constraints and exclusions: what they change in which stages, and what is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from memory_commands import run
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject
    from small_index import Releases

RELEASES: Final[Releases] = {
    "app 1.0": ["lib<2"],
    "lib 1.0": [],
    "lib 2.0": [],
    "mid 1.0": [],
}
GROUPS: Final = {"feature": ["mid"], "training": ["app"], "inference": ["app"]}


def test_an_override_of_the_project_applies_in_every_stage(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    own = '[tool.fti.overrides]\nlib = ">=2"\n[tool.fti.stages.inference.overrides]\nlib = "<2"\n'
    stages = "[tool.fti.stages.feature]\n[tool.fti.stages.training]\n"
    demo.write(pyproject(GROUPS, own + stages))
    assert run(demo, "lock").errors == ""
    assert demo.locked == {
        "feature": "mid 1.0",
        "inference": "app 1.0, lib 1.0",
        "training": "app 1.0, lib 2.0",
    }


def test_an_override_of_a_package_that_no_stage_contains(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    demo.write(
        pyproject(
            GROUPS,
            '[tool.fti.overrides]\nlibb = "*"\n[tool.fti.stages.training.overrides]\nmid = "*"\n'
            "[tool.fti.stages.feature]\n",
        )
    )
    assert run(demo, "lock", "training").errors == (
        "Warning: tool.fti.stages.training.overrides.mid has no effect: training does not contain"
        " mid\n"
    )
    assert run(demo, "lock").errors.splitlines()[0] == (
        "Warning: tool.fti.overrides.libb has no effect: no stage contains libb; did you mean"
        ' "lib"?'
    )
