"""Poetry's `add` and `remove` for a stage: they edit pyproject.toml, the stage is locked apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poetry.installation.installer import Installer
from poetry.packages.locker import Locker
from poetry.poetry import Poetry
from poetry.repositories.installed_repository import InstalledRepository
from poetry.toml.file import TOMLFile
from poetry.utils.env import NullEnv

from poetry_fti import files
from poetry_fti.commands.stage_groups import written_groups

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cleo.io.io import IO
    from poetry.console.commands.installer_command import InstallerCommand
    from tomlkit.toml_document import TOMLDocument

    from poetry_fti.commands.place import Place


class EditedFile(TOMLFile):
    """A pyproject.toml that is replaced atomically, and in which a group stays that is emptied.

    Poetry's `remove` drops a group with its last package, and with it the stage.
    """

    def __init__(self, path: Path, group: str) -> None:
        """Edit a group of this file, of that name in it."""
        super().__init__(path)
        self._group = group

    def write(self, data: TOMLDocument) -> None:
        """Replace the file; raises OSError."""
        files.replace({self.path: self.kept(data).as_string()})

    def kept(self, data: TOMLDocument) -> TOMLDocument:
        """Return an edited file, with the group empty where it has been dropped."""
        if self._group in written_groups(data):
            return data
        before = self.read()
        standard = before.get("dependency-groups", {})
        if self._group in standard:
            requirements = standard[self._group]
            for item in [item for item in requirements if isinstance(item, str)]:
                requirements.remove(item)
        poetry = before.get("tool", {}).get("poetry", {}).get("group", {})
        poetry.get(self._group, {}).get("dependencies", {}).clear()
        return before


class _EditedProject(Poetry):
    """The project as `add` and `remove` take it: with the stage's package, and this file."""

    def __init__(self, place: Place, file: EditedFile) -> None:
        stage = place.poetry
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
    """A locker that only remembers what is to be locked."""

    data: Any

    def set_pyproject_data(self, pyproject_data: dict[str, Any]) -> None:
        """Remember the edited pyproject.toml."""
        self.data = pyproject_data


class _EditedInstaller(Installer):
    """An installer that lets somebody else solve and install."""

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


def edit(
    inner: InstallerCommand, place: Place, group: str, follow: Callable[[Mapping[str, Any]], int]
) -> int:
    """Let Poetry's `add` or `remove` edit a group, and `follow` do what the edit asks for.

    The file is written if that returns 0. Returns the exit code of Poetry's command.
    """
    file = EditedFile(place.poetry.pyproject_path, group)
    project = _EditedProject(place, file)
    inner.set_application(place.application)
    inner.set_poetry(project)
    inner.set_env(NullEnv())
    place.io.input.set_option("group", group)

    def run() -> int:
        return follow(file.kept(project.edited_locker.data).unwrap())

    inner.set_installer(_EditedInstaller(place.io, project, run))
    return inner.execute(place.io)
