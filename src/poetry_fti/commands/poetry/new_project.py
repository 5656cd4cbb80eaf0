"""The pyproject.toml that `poetry init` would write, before anything is written."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from poetry.console.commands.init import InitCommand

from poetry_fti import files
from poetry_fti.bridge.project.pyproject import find_pyproject, read_pyproject
from poetry_fti.errors import FtiError
from poetry_fti.scaffold.toml_text import add, parse, table_at

if TYPE_CHECKING:
    from collections.abc import Callable


def existing_text(folder: Path) -> str | None:
    """Return a project's pyproject.toml, None where the folder holds no project yet.

    Raises FtiError for a folder inside another project: which one is meant is not known.
    """
    path = folder / "pyproject.toml"
    if path.exists():
        data = read_pyproject(path)
        is_project = "project" in data or "poetry" in table_at(data, ("tool",))
        return files.read(path) if is_project else None
    try:
        outer = find_pyproject(folder)
    except FtiError:
        return None
    raise FtiError(
        f"{outer} is the project of this folder. Run the command with `-P {outer.parent}`, or"
        " first `poetry init` to make a project here."
    )


def new_text(folder: Path, generate: Callable[[Path], int]) -> str | None:
    """Return what `generate` makes of a folder of the same name, None where the user says no."""
    with TemporaryDirectory() as parent:
        scratch = Path(parent, folder.resolve().name or "project")
        scratch.mkdir()
        for name in ("pyproject.toml", "README.md"):
            if (folder / name).exists():
                shutil.copyfile(folder / name, scratch / name)
        if generate(scratch):
            return None
        text = files.read(scratch / "pyproject.toml") or ""
    poetry = table_at(parse(text), ("tool", "poetry"))
    # Stages are run from source, in images too; there need not be a package.
    return text if poetry else add(text, ("tool", "poetry"), {"package-mode": False})


class Generator(InitCommand):
    """Poetry's `init`, for a caller that writes the file itself."""

    def generated(self, folder: Path) -> int:
        """Make a pyproject.toml in a folder, asking as `poetry init` does; 0 if all went well."""
        given = self.io.input
        before = given.option("project")
        given.set_option("project", str(folder))
        try:
            return super().handle()
        finally:
            given.set_option("project", before)
