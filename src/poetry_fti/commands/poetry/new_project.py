"""Generates the pyproject.toml of a new project with `poetry init`, without writing it yet."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from poetry.console.commands.init import InitCommand

from poetry_fti import files
from poetry_fti.operations.new_stages import without_package_mode

if TYPE_CHECKING:
    from collections.abc import Callable


def new_text(folder: Path, generate: Callable[[Path], int]) -> str | None:
    """Return the pyproject.toml that `generate` writes for a project in a folder.

    `generate` is called with a temporary folder of the same name and returns an exit code. Returns
    None if that is not 0, which means that the user has declined.
    """
    with TemporaryDirectory() as parent:
        scratch = Path(parent, folder.resolve().name or "project")
        scratch.mkdir()
        before = files.read(folder / "pyproject.toml")
        if before is not None:
            (scratch / "pyproject.toml").write_bytes(before.encode())
        if (folder / "README.md").exists():  # `poetry init` names it in the new file
            (scratch / "README.md").touch()
        if generate(scratch):
            return None
        text = files.read(scratch / "pyproject.toml") or ""
    return without_package_mode(text)


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
