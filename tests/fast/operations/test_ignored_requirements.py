"""Requirements in `[tool.poetry.group]` that Poetry ignores, because another table decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from memory_commands import run
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

SETTINGS: Final = """\
[tool.poetry.group.training]
include-groups = ["common"]
[tool.poetry.group.training.dependencies]
Lib = ">=1"
app = "*"
gone = { version = "*", source = "corp" }
[tool.poetry.group.common.dependencies]
app = "*"
"""


def test_a_requirement_that_is_ignored_is_warned_of(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [], "app 1.0": []})
    demo.write(pyproject({"training": ["lib"]}, SETTINGS))
    ended = run(demo, "lock")
    assert ended.errors == (
        "Warning: tool.poetry.group.training.dependencies.gone: Poetry ignores the requirement,"
        ' because the array "training" in dependency-groups does not contain it. Add it there,'
        " or remove it here.\n"
    )
    assert demo.locked == {"training": "app 1.0, lib 1.0"}
    assert run(demo, "lock").errors == ""
