"""SIGKILL at any point: whole files, and a next run that ends right and tidies up."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

import killed
from harness import snapshot

if TYPE_CHECKING:
    from harness import Poetry

pytestmark = [
    pytest.mark.generated,  # each point is a case
    pytest.mark.skipif(
        sys.platform != "linux", reason="only Linux bears forks of a process that runs Poetry"
    ),
]

PROJECT: Final = """\
[project]
name = "killed"
version = "0.1.0"
requires-python = ">=3.10,<3.14"

[dependency-groups]
feature = ["sparkish"]
training = ["torchish"]
"""
CHANGE: Final = (
    ('"sparkish"', '"sparkish", "drawing"'),
    ('"torchish"', '"torchish <2.1", "boosting"'),
)
POINTS: Final = 60
TEMPORARY: Final = re.compile(r"fti/(feature|training)/\.poetry\.lock\.[0-9a-f]{8}\.tmp")
LOCKS: Final = ("fti/feature/poetry.lock", "fti/training/poetry.lock")


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A project without locks."""
    folder = tmp_path / "before"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    return folder


def change(folder: Path) -> None:
    path = folder / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in CHANGE:
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("relock", [False, True], ids=["first", "relock"])
def test_killed(tmp_path: Path, before: Path, poetry: Poetry, *, relock: bool) -> None:
    if relock:
        poetry.ok(before, "fti", "lock")
        change(before)
    old = snapshot(before)
    right = Path(shutil.copytree(before, tmp_path / "right"))
    poetry.ok(right, "fti", "lock")
    new = snapshot(right)
    assert all(old.get(lock) != new[lock] for lock in LOCKS)

    ended = kill(tmp_path, before, poetry)

    assert len(ended) > POINTS - 5
    assert {each["signal"] for each in ended} == {signal.SIGKILL}
    assert not any(each["wrote_later"] for each in ended)
    seen = set()
    for number, each in enumerate(ended):
        folder = tmp_path / "work" / str(number)
        left = snapshot(folder / "killed")
        temporary = {name for name in left if TEMPORARY.fullmatch(name)}
        assert left.keys() - temporary <= new.keys()
        for name in new:
            assert left.get(name) in (old.get(name), new[name]), each["point"]
        seen |= {left.get(lock) for lock in LOCKS} | {left[name] for name in temporary}
        assert each["code_after"] == 0, (folder / "output.txt").read_text(encoding="utf-8")
        assert snapshot(folder / "project") == new, each["point"]
    # It has been killed before, while and after a new lock was written.
    for lock in LOCKS:
        assert {old.get(lock), new[lock][: len(new[lock]) // 2], new[lock]} <= seen


def kill(tmp_path: Path, before: Path, poetry: Poetry) -> list[dict[str, Any]]:
    """Kill commands, each at another point."""
    subprocess.run(
        [sys.executable, killed.__file__, before, tmp_path / "work", str(POINTS)],
        env=dict(poetry.environment),
        check=True,
    )
    ended: list[dict[str, Any]] = json.loads((tmp_path / "work" / "ended.json").read_bytes())
    return ended
