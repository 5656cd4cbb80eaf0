"""The states of stages on a real terminal."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from harness import Poetry
from loopback.clients import isolated_environment

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.index import LoopbackIndex


COLUMNS = 60


def test_each_stage_goes_through_its_states_on_60_columns(
    locked_tiny: Path, own_index: LoopbackIndex, tmp_path: Path
) -> None:
    pty = pytest.importorskip("pty")
    own_index.latency = 0.3
    shutil.rmtree(locked_tiny / "fti")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*Poetry({}).command, "fti", "lock"],
        cwd=locked_tiny,
        env=isolated_environment(tmp_path / "home", own_index.url)
        | {"TERM": "xterm", "COLUMNS": str(COLUMNS)},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = "".join(iter(lambda: read(ours), ""))
    os.close(ours)
    assert process.wait(timeout=60) == 0
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", shown)
    progress, _, _ = plain.partition("locked ")  # the results follow
    lines = [line for line in re.split(r"[\r\n]+", progress) if re.match(r"  \w|Locking ", line)]
    assert max(map(len, lines)) <= COLUMNS
    seen: dict[str, list[str]] = {}
    for line in (each for each in lines if each.startswith("  ")):
        stage, text = line.split(maxsplit=1)
        seen.setdefault(stage, []).append(text)
    assert seen.keys() == {"feature", "training", "inference"}
    for states in seen.values():
        assert states[0] == "waiting" or states[0].startswith("reading the index: ")
        assert any(text in ("aligning", "locking") or text.startswith("done in") for text in states)
    # A stage that is solved after another one finds the pages of packages that both need.
    read_first = [states for states in seen.values() if any("reading" in text for text in states)]
    assert read_first


def read(descriptor: int) -> str:
    try:
        return os.read(descriptor, 4096).decode()
    except OSError:  # what Linux raises where the other end is closed
        return ""
