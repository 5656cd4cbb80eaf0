"""The states of stages on a real terminal."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from harness import Poetry
from loopback.clients import isolated_environment

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.index import LoopbackIndex

COLUMNS: Final = 60
CONTROL: Final = re.compile(r"\x1b\[([\d;]*)([A-Za-z])|([\r\n])|[^\x1b\r\n]+")
STATE: Final = re.compile(
    r"waiting|reading the index: \d+ packages?|solving|aligning|locking|done in \d+\.\d s"
)


class Screen:
    """The lines of a terminal without a last one."""

    def __init__(self) -> None:
        self.lines = [""]
        self._row = self._column = 0

    def show(self, text: str) -> None:
        """Interpret what the plugin and Poetry write: text, line ends, and three sequences."""
        for found in CONTROL.finditer(text):
            number, control, end = found.groups()
            if end == "\n":
                self._row += 1
                self.lines += [""] * (self._row + 1 - len(self.lines))
            elif end == "\r":
                self._column = 0
            elif control == "A":
                self._row -= int(number)
            elif control in ("J", "K"):
                self.lines[self._row] = self.lines[self._row][: self._column]
                del self.lines[self._row + 1 if control == "J" else len(self.lines) :]
            elif control is None:
                line = self.lines[self._row].ljust(self._column)
                after = self._column + len(found[0])
                self.lines[self._row] = line[: self._column] + found[0] + line[after:]
                self._column = after


def test_each_stage_goes_through_its_states_on_60_columns_and_results_remain(
    locked_tiny: Path, own_index: LoopbackIndex, tmp_path: Path
) -> None:
    shown = on_a_terminal(["fti", "lock"], locked_tiny, own_index, tmp_path / "home")
    progress, _, _ = shown.partition("locked ")  # the results follow
    lines = [line for line in re.split(r"[\r\n]+", plain(progress)) if line.startswith("  ")]
    assert max(map(len, lines)) <= COLUMNS
    seen: dict[str, list[str]] = {}
    for line in lines:
        stage, text = line.split(maxsplit=1)
        seen.setdefault(stage, []).append(text)
    assert seen.keys() == {"feature", "training", "inference"}
    assert [text for states in seen.values() for text in states if not STATE.fullmatch(text)] == []
    screen = Screen()
    screen.show(shown)
    assert screen.lines[0].startswith("Locking 3 stages... (")
    # Nothing remains of the states: the results follow.
    names = [line.partition(": locked ")[0] for line in screen.lines[1:4]]
    assert names == ["feature", "training", "inference"]
    # A stage that is solved after another one finds the pages of packages that both need.
    assert any("reading" in text for states in seen.values() for text in states)


def on_a_terminal(words: list[str], folder: Path, index: LoopbackIndex, home: Path) -> str:
    """Return what Poetry shows on a terminal of 60 columns while it locks stages anew."""
    pty, fcntl, termios = map(pytest.importorskip, ("pty", "fcntl", "termios"))
    index.latency = 0.3
    shutil.rmtree(folder / "fti")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, COLUMNS, 0, 0))
    environment = isolated_environment(home, index.url) | {"TERM": "xterm"}
    environment.pop("COLUMNS", None)
    process = subprocess.Popen(
        [*Poetry({}).command, *words],
        cwd=folder,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = "".join(iter(lambda: read(ours), ""))
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return shown


def plain(shown: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", shown)


def read(descriptor: int) -> str:
    try:
        return os.read(descriptor, 4096).decode()
    except OSError:  # what Linux raises where the other end is closed
        return ""
