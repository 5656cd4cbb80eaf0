"""SIGKILL at any point: whole files, and a next run that ends right and tidies up."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

import killed
from harness import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

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
TEMPORARY: Final = re.compile(r"(.*/)?\.[\w.]+\.[0-9a-f]{8}\.tmp")
LOCKS: Final = ("fti/feature/poetry.lock", "fti/training/poetry.lock")


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A project without locks."""
    folder = tmp_path / "before"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    return folder


def outdate(folder: Path) -> None:
    """Change what each stage requires, and describe packages in the locks as an older release.

    An update then replaces both locks, and a new one has other packages as well.
    """
    path = folder / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in CHANGE:
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    for lock in LOCKS:
        text = (folder / lock).read_text(encoding="utf-8")
        text = text.replace('description = "', 'description = "formerly ')
        (folder / lock).write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Case:
    """A command, how the locked project is changed before, and the files that it writes."""

    words: str
    change: Callable[[Path], object] = Path.exists
    written: tuple[str, ...] = LOCKS
    points: int = 12


CASES: Final = {
    "lock": Case("fti lock", lambda folder: shutil.rmtree(folder / "fti"), points=14),
    "update": Case("fti update", outdate),
    "add": Case("fti add training drawing --lock", written=(LOCKS[1], "pyproject.toml")),
    "export": Case(
        "fti export --format requirements",
        written=("fti/feature/requirements.txt", "fti/training/requirements.txt"),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_killed(tmp_path: Path, before: Path, poetry: Poetry, case: Case) -> None:
    poetry.ok(before, "fti", "lock")
    case.change(before)
    old = snapshot(before)
    right = Path(shutil.copytree(before, tmp_path / "right"))
    poetry.ok(right, *case.words.split())
    new = snapshot(right)
    assert all(old.get(name) != new[name] for name in case.written)

    ended = kill(tmp_path, before, poetry, case)

    assert len(ended) > case.points - 5
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
        seen |= {left.get(name) for name in case.written} | {left[name] for name in temporary}
        assert each["code_after"] == 0, (folder / "output.txt").read_text(encoding="utf-8")
        assert snapshot(folder / "project") == new, each["point"]
    # It has been killed before, while and after a new file was written.
    for name in case.written:
        assert {old.get(name), new[name][: len(new[name]) // 2]} <= seen
    assert any(new[name] in seen for name in case.written)


def kill(tmp_path: Path, before: Path, poetry: Poetry, case: Case) -> list[dict[str, Any]]:
    """Kill commands, each at another point."""
    program = [sys.executable, killed.__file__, str(before), str(tmp_path / "work")]
    subprocess.run(
        [*program, str(case.points), *case.words.split()], env=dict(poetry.environment), check=True
    )
    ended: list[dict[str, Any]] = json.loads((tmp_path / "work" / "ended.json").read_bytes())
    return ended
