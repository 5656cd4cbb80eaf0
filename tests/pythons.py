"""Which Pythons and virtual environments Poetry finds.

To choose a Python, Poetry starts each one of the machine several times, and there may be many. For
most of its commands it then makes a virtual environment, even if the command only locks.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from loopback.clients import bare_python

if TYPE_CHECKING:
    from collections.abc import Mapping

_REAL_PATH: Final = "import os, sys; print(os.path.realpath(sys.executable))"


def find_python(name: str) -> Path | None:
    """Return the real path of `python3.12`, say, or ``None``."""
    found = shutil.which(name)
    if found is None:
        return None
    # pyenv's wrapper fails for a version that is installed, but not selected.
    unselected = sorted(Path(found).parents[1].glob(f"versions/*/bin/{name}"))
    for each in (Path(found), *unselected):
        done = subprocess.run([each, "-c", _REAL_PATH], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return Path(done.stdout.strip())
    return None


def only_pythons(environment: Mapping[str, str], folder: Path, *more: Path) -> dict[str, str]:
    """Return the environment with `more` in a new folder of its PATH, and ours as `python`."""
    folder.mkdir()
    for python in more:
        (folder / python.name).symlink_to(python)
    return {**environment, "PATH": os.pathsep.join([str(bare_python().parent), str(folder)])}


def activated(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the environment with a new virtual environment activated, which Poetry then uses."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return {**environment, "VIRTUAL_ENV": str(folder)}
