"""The how-to about update bots: its configuration, and its commands after a bot's update."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from harness import Poetry
from loopback.clients import isolated_environment
from loopback.index import LoopbackIndex
from small_index import catalogue, lab, pyproject

if TYPE_CHECKING:
    from small_index import Releases

pytestmark = pytest.mark.newest_only

PAGE: Final = Path(__file__).parents[2].joinpath("docs/how-to/update-bots.md")
OLD: Final[Releases] = {"app 1.0": ["lib"], "lib 1.0": [], "zoo 1.0": []}
NEW: Final[Releases] = {**OLD, "lib 1.1": [], "zoo 1.1": []}
GROUPS: Final = {"training": ["app", "zoo"], "inference": ["zoo"]}
SETTINGS: Final = """\
[tool.fti]
exports = ["requirements", "pyproject"]
[tool.fti.stages.training]
platforms = ["linux/amd64"]
[tool.fti.stages.inference]
"""


def blocks(language: str) -> list[str]:
    """Return the code blocks of the page in a language."""
    return re.findall(
        rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )


def commands() -> list[str]:
    """Return the commands after an update, which are the same everywhere on the page."""
    renovate: list[dict[str, Any]] = [json.loads(block) for block in blocks("json")]
    (allowed,) = (each["allowedCommands"][0] for each in renovate if "allowedCommands" in each)
    tasks: list[list[str]] = [
        each["postUpgradeTasks"]["commands"] for each in renovate if "extends" in each
    ]
    _, workflow = map(yaml.safe_load, blocks("yaml"))
    steps = [step["run"] for step in workflow["jobs"]["lock"]["steps"] if "run" in step]
    assert tasks == [tasks[0], tasks[0]]
    assert all(re.fullmatch(allowed, command) for command in tasks[0])
    assert [step for step in steps if step.startswith("poetry")] == tasks[0]
    return tasks[0]


def test_the_commands_follow_a_bot_that_updates_a_stage(tmp_path: Path) -> None:
    demo = lab(tmp_path)
    demo.write(pyproject(GROUPS, SETTINGS))
    demo.lock(OLD)
    demo.run(OLD, "fti", "export")
    with LoopbackIndex(catalogue(NEW)) as index:
        environment = isolated_environment(tmp_path / "bot", index.url)
        poetry = Poetry({**environment, "POETRY_VIRTUALENVS_CREATE": "false"}, processes=1)
        poetry.ok(demo.root / "fti/training", "update", "--lock", "lib")
        checked = poetry(demo.root, "fti", "lock", "--check")
        assert checked.code == 3
        assert checked.errors in PAGE.read_text(encoding="utf-8")
        for command in [*commands(), "poetry fti lock --check", "poetry fti export --check"]:
            result = poetry(demo.root, *command.split()[1:])
            assert (result.code, result.errors) == (0, "")
    assert demo.locked == {"training": "app 1.0, lib 1.1, zoo 1.0", "inference": "zoo 1.0"}


EVERY_CONDITION: Final = """\
[tool.fti]
exports = ["pyproject"]
constraints = ["lib<1.1"]
[tool.fti.overrides]
zoo = ">=1"
[tool.fti.stages.training]
platforms = ["linux/amd64"]
dev-groups = ["dev"]
[tool.fti.stages.inference]
[[tool.fti.align]]
packages = ["zoo"]
level = "exact"
"""


def test_a_lock_that_plain_poetry_writes_is_accepted(tmp_path: Path) -> None:
    demo = lab(tmp_path)
    demo.write(pyproject({**GROUPS, "dev": ["app"]}, EVERY_CONDITION))
    demo.lock(OLD)
    demo.run(OLD, "fti", "export")
    locks = [demo.root / "fti" / stage / "poetry.lock" for stage in ("training", "inference")]
    before = [lock.read_bytes() for lock in locks]
    with LoopbackIndex(catalogue(OLD)) as index:
        environment = isolated_environment(tmp_path / "bot", index.url)
        poetry = Poetry({**environment, "POETRY_VIRTUALENVS_CREATE": "false"}, processes=1)
        for lock in locks:
            poetry.ok(lock.parent, "lock")
        checked = poetry(demo.root, "fti", "lock", "--check")
        removed = (
            "(new in pyproject.toml, or removed by plain Poetry with the table [metadata.fti])."
            " Run `poetry fti lock"
        )
        assert (checked.code, checked.errors) == (
            3,
            (
                "fti/training/poetry.lock does not record the stage's platforms, dev-groups,"
                f" overrides and rules {removed} training`.\n"
                "fti/inference/poetry.lock does not record the stage's overrides and rules"
                f" {removed} inference`.\n"
            ),
        )
        poetry.ok(demo.root, "fti", "lock")
    assert [lock.read_bytes() for lock in locks] == before
