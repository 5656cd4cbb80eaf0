"""File systems that are full or read-only, where a test may mount them."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def mounted(folder: Path, *words: str | Path) -> Iterator[None]:
    """Mount something over a folder; skip the test where this is not possible."""
    mount(folder, *words)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def mount(folder: Path, *words: str | Path) -> None:
    """Run `mount`; skip the test where this is not possible."""
    command = shutil.which("mount")
    if command is None or subprocess.run([command, *words, folder], check=False).returncode:
        pytest.skip("no file system can be mounted here")
