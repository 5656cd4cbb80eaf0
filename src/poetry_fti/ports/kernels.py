"""The Jupyter kernels that are installed for the user."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from poetry_fti.reading import LARGEST_TEMPLATE, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPECIFICATION: Final = "kernel.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """An installed kernel: its folder, and the program that Jupyter starts for it."""

    folder: Path
    program: Path

    @property
    def name(self) -> str:
        """The name that `jupyter kernelspec` has for the kernel."""
        return self.folder.name


def user_kernels() -> list[Kernel]:
    """Return the kernels that are installed for the user, sorted by name.

    Kernels installed below another prefix are not included, and neither are unreadable ones.
    """
    found = (
        Kernel(folder=folder, program=program)
        for data in _data_folders()
        for folder in data.glob("kernels/*/")
        if not folder.is_symlink() and (program := _program(folder)) is not None
    )
    return sorted(found, key=lambda kernel: kernel.name)


def remove_kernel(kernel: Kernel) -> None:
    """Remove a kernel's folder; raises OSError if that is not possible."""
    shutil.rmtree(kernel.folder)


def _data_folders() -> Iterator[Path]:
    """Yield the folders in which versions of Jupyter look for the user's kernels."""
    environment, home = os.environ, Path.home()
    if environment.get("JUPYTER_DATA_DIR"):
        yield Path(environment["JUPYTER_DATA_DIR"])
    elif sys.platform == "darwin":
        yield home / "Library/Jupyter"
        yield home / "Library/Application Support/jupyter"
    elif sys.platform == "win32":
        names = ("APPDATA", "LOCALAPPDATA")
        yield from (Path(environment[name], "jupyter") for name in names if environment.get(name))
    else:
        yield Path(environment.get("XDG_DATA_HOME") or home / ".local/share", "jupyter")


def _program(folder: Path) -> Path | None:
    try:
        program = json.loads(read_bytes(folder / _SPECIFICATION, LARGEST_TEMPLATE))["argv"][0]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return Path(program) if isinstance(program, str) else None
