"""The guide to monorepos, command by command as it is written, with the example project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from pages import blocks, compare
from poetry_fti.bridge.toml_parser import tomllib

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness import Poetry

GUIDE: Final = "docs/how-to/monorepo.md"
# Before which of the guide's commands which line of a file is replaced, and by what.
EDITS: Final = {
    2: ("services/inference", 'joblib = ">=1.3"', 'joblib = ">=1.3"\nprometheus-client = ">=0.20"'),
    4: ("libs/common", '["narwhals"]', '["narwhals", "typing-extensions"]'),
}

pytestmark = pytest.mark.newest_only


def test_the_commands_print_what_is_shown(project: Callable[[str], Path], poetry: Poetry) -> None:
    root = project("monorepo")
    shown = [block for block in blocks(GUIDE) if block.language == "console"]
    commands = [command for block in shown for command in block.commands]
    assert len(commands) > max(EDITS)
    for number, command in enumerate(commands):
        if number in EDITS:
            folder, old, new = EDITS[number]
            file = root / folder / "pyproject.toml"
            text = file.read_text(encoding="utf-8")
            assert old in text
            file.write_text(text.replace(old, new), encoding="utf-8")
        result = poetry(root, *command.text.split()[1:])
        assert result.code == command.code, result.errors
        compare(result.output + result.errors, command.shown)


def test_the_files_are_those_of_the_example(project: Callable[[str], Path]) -> None:
    root = project("monorepo")
    shown, *lines = (block.text for block in blocks(GUIDE) if block.language == "toml")
    example = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    del example["project"]["description"]
    assert tomllib.loads(shown) == example
    texts = [path.read_text(encoding="utf-8") for path in root.glob("*/*/pyproject.toml")]
    texts += [new for _, _, new in EDITS.values()]
    for block in lines:
        line = block.splitlines()[-1].removeprefix("dependencies = ")
        assert any(line in text for text in texts), line
