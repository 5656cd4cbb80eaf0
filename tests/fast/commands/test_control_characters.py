"""Control characters in a stranger's project: refused as configuration, and never printed."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import pytest

from memory_commands import run
from poetry_fti.config.image.paths import read_template
from poetry_fti.config.table import Table
from poetry_fti.model.problem import Problem
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

RAW: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]")
ONE: Final = "pyproject.toml has 1 problem:\n  "


@pytest.mark.slow_after(4)
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            '[tool.fti]\ndirectory = "fti\\u007fx"\n',
            'tool.fti.directory: "fti\\x7fx" must be a folder inside the project, such as "fti"',
        ),
        (
            '[tool.fti]\ndirectory = "a\\u2028b"\n',
            'tool.fti.directory: "a\\u2028b" must be a folder inside the project, such as "fti"',
        ),
        (
            '[tool.fti]\ndirectory = "a\\nb"\n',
            'tool.fti.directory: "a\\nb" must be a folder inside the project, such as "fti"',
        ),
        (
            '[tool.fti]\n"\\u001b[31m" = 1\n',
            'tool.fti."\\x1b[31m": unknown key',
        ),
        (
            '[tool.fti.stages."a\\rb"]\nkind = "training"\ngroups = ["training"]\n',
            'tool.fti.stages."a\\x0db": a stage\'s name may contain only letters, digits, - and _',
        ),
        (
            '[tool.fti.stages."\\u212a"]\nkind = "training"\ngroups = ["training"]\n',
            'tool.fti.stages."\u212a": a stage\'s name may contain only letters, digits, - and _',
        ),
    ],
)
@pytest.mark.parametrize(
    "command",
    ["list", *(pytest.param(each, marks=pytest.mark.slow) for each in ("lock", "export"))],
)
def test_what_a_key_or_a_path_may_hold(
    command: str, settings: str, message: str, demo: MemoryProject
) -> None:
    demo.write(pyproject({"training": []}, settings))
    ended = run(demo, command)
    assert (ended.code, ended.errors.startswith(ONE + message)) == (2, True), ended.errors
    assert not RAW.search(ended.output + ended.errors)


@pytest.mark.parametrize("text", ["a\x85b", "a\u2029b", "a\x7fb", "a\u202eb"])
def test_what_the_path_of_a_template_may_hold(text: str) -> None:
    problems: list[Problem] = []
    table = Table({"template": text}, "image", problems)
    assert read_template(table) == PurePosixPath(text)
    message = f'"{text}" must be a file inside the project, such as "docker/inference.Dockerfile"'
    assert problems == [Problem("image.template", message)]


def test_folders_that_belong_to_no_stage_are_shown_on_one_line(locked_demo: MemoryProject) -> None:
    (locked_demo.root / "fti/training").rename(locked_demo.root / "fti/a\x1b[2Jb\nc\u2028d")
    ended = run(locked_demo, "list")
    assert "Folders that belong to no stage: fti/a\\x1b[2Jb\\nc\\u2028d\n" in ended.output
    assert not RAW.search(ended.output + ended.errors)
    ended = run(locked_demo, "clean", "--yes")
    assert "fti/a\\x1b[2Jb\\nc\\u2028d: poetry.lock\n" in ended.output


@pytest.mark.slow
def test_a_damaged_lock_and_a_template_are_shown_escaped(locked_demo: MemoryProject) -> None:
    lock = locked_demo.root / "fti/training/poetry.lock"
    text = lock.read_text(encoding="utf-8")
    lock.write_text(text.replace('version = "1.0"', 'version = "1.0\\u001b[2J"'), encoding="utf-8")
    for command in ("list", "export"):
        ended = run(locked_demo, command)
        assert 'contains invalid characters: "1.0\\x1b[2J"' in ended.output + ended.errors
        assert not RAW.search(ended.output + ended.errors)
    lock.write_text(text, encoding="utf-8")
    settings = '[tool.fti.stages.training.image]\ntemplate = "t"\n'
    locked_demo.write(pyproject({"training": ["mid"]}, settings))
    (locked_demo.root / "t").write_text("FROM x\n# fti: \x1b[2J\u202e\n", encoding="utf-8")
    run(locked_demo, "lock")
    ended = run(locked_demo, "export")
    assert ended.code == 1
    assert "\\x1b[2J\\u202e" in ended.errors
    assert not RAW.search(ended.errors)


def test_a_difference_is_shown_escaped(locked_demo: MemoryProject) -> None:
    run(locked_demo, "export", "training", "--format", "constraints")
    path = locked_demo.root / "fti/training/constraints.txt"
    path.write_text(path.read_text(encoding="utf-8") + "\x1b[2J\n", encoding="utf-8")
    ended = run(locked_demo, "export", "training", "--format", "constraints", "--check", "-v")
    assert ended.code == 3
    assert "-\\x1b[2J\n" in ended.output
