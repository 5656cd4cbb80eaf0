"""Runs Poetry's `add` and `remove` on the dependency group of a stage.

They only edit the text of pyproject.toml; the caller locks and installs the stage, and writes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit
from poetry.installation.installer import Installer
from poetry.packages.locker import Locker
from poetry.poetry import Poetry
from poetry.repositories.installed_repository import InstalledRepository
from poetry.toml.file import TOMLFile
from poetry.utils.env import NullEnv

from poetry_fti.reading import require_inside
from poetry_fti.urls import with_local_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cleo.io.io import IO
    from poetry.console.commands.installer_command import InstallerCommand
    from tomlkit.toml_document import TOMLDocument

    from poetry_fti.commands.poetry.stage_runner import StageRunner


class EditedFile(TOMLFile):
    """A pyproject.toml whose edited `text` is kept, and in which edited groups keep their place.

    Poetry's `remove` deletes a group with its last package, and thereby the stage. Its `add` moves
    a group from `[tool.poetry.group]` to PEP 735's table once that contains other groups, and drops
    the requirements that the group had.
    """

    def __init__(self, path: Path, text: str, group: str) -> None:
        """Edit the group with this name, as it is spelled in the file, which had this text.

        Raises FtiError if the file is a symbolic link that leaves the project.
        """
        super().__init__(path)
        require_inside(path, path.parent)
        self.text = text
        self._before = text
        self._group = group

    def read(self) -> TOMLDocument:
        """Return the document, without PEP 735's table if that does not contain the group."""
        document = self._document()
        standard = document.get("dependency-groups", {})
        if self._group in _poetry_groups(document) and self._group not in standard:
            document.pop("dependency-groups", None)
        return document

    def write(self, data: TOMLDocument) -> None:
        """Set `text`; the file is not written."""
        text = with_local_paths(self.kept(data).as_string())
        if "\r\n" in self._before:
            text = text.replace("\r\n", "\n").replace("\n", "\r\n")
        self.text = text

    def kept(self, data: TOMLDocument) -> TOMLDocument:
        """Return an edited document with the table and the group that an edit has dropped.

        A group that has been deleted is present, but empty.
        """
        whole = self._document()
        is_standard = self._group in whole.get("dependency-groups", {})
        if is_standard and self._group in data.get("dependency-groups", {}):
            return data
        if is_standard:
            requirements = whole["dependency-groups"][self._group]
            for item in [item for item in requirements if isinstance(item, str)]:
                requirements.remove(item)
        if self._group in _poetry_groups(whole):
            edited = _poetry_groups(data).get(self._group, {})
            _poetry_groups(whole)[self._group]["dependencies"] = edited.get("dependencies", {})
        return whole

    def _document(self) -> TOMLDocument:
        return tomlkit.parse(self._before.replace("\r\n", "\n"))


def _poetry_groups(document: Mapping[str, Any]) -> Any:  # noqa: ANN401 - tomlkit's own types
    return document.get("tool", {}).get("poetry", {}).get("group", {})


class _EditedProject(Poetry):
    """The project that `add` and `remove` work on: the stage's package, and an `EditedFile`."""

    def __init__(self, runner: StageRunner, file: EditedFile) -> None:
        stage = runner.poetry
        locker = _EditedLocker(stage.locker.lock, {})
        super().__init__(
            file.path, stage.local_config, stage.package, locker, stage.config, stage.disable_cache
        )
        self.set_pool(stage.pool)
        self._edited = file
        self.edited_locker = locker

    @property
    def file(self) -> EditedFile:
        return self._edited


class _EditedLocker(Locker):
    """A locker that stores the edited pyproject.toml, and does not lock."""

    data: Any

    def set_pyproject_data(self, pyproject_data: dict[str, Any]) -> None:
        """Store the edited pyproject.toml."""
        self.data = pyproject_data


class _EditedInstaller(Installer):
    """An installer that calls a function instead of solving and installing."""

    def __init__(self, io: IO, project: Poetry, run: Callable[[], int]) -> None:
        super().__init__(
            io,
            NullEnv(),
            project.package,
            project.locker,
            project.pool,
            project.config,
            installed=InstalledRepository(),
        )
        self._handed_over = run

    def run(self) -> int:
        return self._handed_over()


def edited_text(
    inner: InstallerCommand, runner: StageRunner, text: str, group: str
) -> tuple[int, str]:
    """Run Poetry's `add` or `remove` on a group in the text of a pyproject.toml.

    Returns the exit code and the edited text; no file is written.
    """
    file = EditedFile(runner.poetry.pyproject_path, text, group)
    project = _EditedProject(runner, file)
    inner.set_application(runner.application)
    inner.set_poetry(project)
    inner.set_env(NullEnv())
    runner.io.input.set_option("group", group)

    def run() -> int:
        file.write(project.edited_locker.data)
        return 0

    inner.set_installer(_EditedInstaller(runner.io, project, run))
    return inner.execute(runner.io), file.text
