"""The guide to monorepos, command by command as it is written, with the example project."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from poetry_fti.bridge.toml_parser import tomllib

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness import Poetry

GUIDE: Final = Path(__file__).parents[2] / "docs" / "how-to" / "monorepo.md"
BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS: Final = re.compile(r" in \d+\.\d s")
# Before which of the guide's commands which line of a file is replaced, and by what.
EDITS: Final = {
    2: ("services/inference", 'joblib = ">=1.3"', 'joblib = ">=1.3"\nprometheus-client = ">=0.20"'),
    4: ("libs/common", '["narwhals"]', '["narwhals", "typing-extensions"]'),
}

pytestmark = pytest.mark.newest_only


def blocks(language: str) -> list[str]:
    """Return the guide's blocks in a language."""
    text = GUIDE.read_text(encoding="utf-8")
    return [found for name, found in BLOCK.findall(text) if name == language]


def test_the_commands_print_what_is_shown(project: Callable[[str], Path], poetry: Poetry) -> None:
    root = project("monorepo")
    commands = re.split(r"^\$ poetry ", "".join(blocks("console")), flags=re.MULTILINE)[1:]
    assert len(commands) > max(EDITS)
    for number, command in enumerate(commands):
        if number in EDITS:
            folder, old, new = EDITS[number]
            file = root / folder / "pyproject.toml"
            text = file.read_text(encoding="utf-8")
            assert old in text
            file.write_text(text.replace(old, new), encoding="utf-8")
        words, _, shown = command.partition("\n")
        result = poetry(root, *words.split())
        assert result.code == (3 if "--check" in words else 0), result.errors
        assert SECONDS.sub("", result.output + result.errors) == SECONDS.sub("", shown)


def test_the_files_are_those_of_the_example(project: Callable[[str], Path]) -> None:
    root = project("monorepo")
    shown, *lines = blocks("toml")
    example = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    del example["project"]["description"]
    assert tomllib.loads(shown) == example
    texts = [path.read_text(encoding="utf-8") for path in root.glob("*/*/pyproject.toml")]
    texts += [new for _, _, new in EDITS.values()]
    for block in lines:
        line = block.splitlines()[-1].removeprefix("dependencies = ")
        assert any(line in text for text in texts), line
