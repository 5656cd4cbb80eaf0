"""Verifies images: compares their labels and what is installed in them with a stage's lock."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from poetry_fti.bridge.lock.locked import lock_digest
from poetry_fti.errors import FtiError
from poetry_fti.model.installed import Installed
from poetry_fti.model.platforms import PLATFORMS
from poetry_fti.operations.images.jobs import LOCK_LABEL
from poetry_fti.operations.verify.comparison import Where
from poetry_fti.operations.verify.run import compared
from poetry_fti.ports.container_engine import find_engine
from poetry_fti.ports.image_files import image_archive, image_settings
from poetry_fti.ports.installed.archive import read_archive
from poetry_fti.ports.lock_commits import commit_with_lock
from poetry_fti.targets import marker_environment
from poetry_fti.wording import short_commit, short_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from poetry_fti.checks import Finding
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage
    from poetry_fti.ports.container_engine import ContainerEngine
    from poetry_fti.ports.image_files import ImageSettings
    from poetry_fti.ports.installed.archive import ImagePackages

_STAGE: Final = "poetry-fti.stage"
# The first and the last patch release of a minor version of Python whose release is not known.
_PATCHES: Final = ("0", "99")


class VerifiedImage:
    """An image in the container engine of this machine, and the stage that it is compared with."""

    def __init__(self, project: Project, name: str, stage: str | None) -> None:
        """Find an image, and its stage by its label `poetry-fti.stage` unless `stage` names it.

        Raises FtiError if there is no engine or no such image, or if the stage is not known,
        ConfigError if the project has no such stage.
        """
        self._project = project
        self._name = name
        self._engine: ContainerEngine = find_engine()
        self._settings: ImageSettings = image_settings(self._engine, name)
        if stage is None and not (stage := self._settings.labels.get(_STAGE)):
            raise FtiError(f'The image "{name}" has no label {_STAGE}. Name its stage: --stage.')
        (self.stage,) = project.select([stage])

    def findings(self) -> Iterator[Finding]:
        """Yield what differs between the image and the lock of its stage.

        The image is not started. Raises FtiError if the lock or the image cannot be read.
        """
        with image_archive(self._engine, self._name) as archive:
            packages = read_archive(archive, self._settings.variables)
        where = Where(
            stage=self.stage.name,
            place="image",
            name=self._name,
            update=f"Build the image again with `poetry fti build {self.stage.name}`",
            renew=f"Build the image again with `poetry fti build {self.stage.name} --force`",
            # Another Python contains packages of the system, or of the base image.
            reports_extra=packages.is_virtual,
        )
        digest = self._settings.labels.get(LOCK_LABEL, "")
        built_for = self._settings.labels.get(_STAGE, self.stage.name)
        if built_for == self.stage.name:
            yield from _other_lock(self.stage, digest, where, self._project.root)
        else:
            message = f"{self._name} was built for the stage {built_for}, not for {self.stage.name}"
            yield where.finding(message, level="warning")
        markers = _markers(self._settings.platform, packages.python)
        yield from compared(self._project, self.stage, _installed(packages, markers), where)


def _installed(packages: ImagePackages, markers: tuple[Mapping[str, str], ...]) -> Installed:
    return Installed(
        packages=packages.packages,
        base=packages.base,
        damage=packages.damage,
        markers=markers,
    )


def _other_lock(stage: ProjectStage, digest: str, where: Where, root: Path) -> Iterator[Finding]:
    """Yield a warning if an image was built from another lock, whose packages may be the same."""
    own = lock_digest(stage.path) if digest and stage.lock.text else digest
    if digest != own:
        path = stage.folder / "poetry.lock"
        locks = f"the lock {short_digest(digest)}, not from {path} ({short_digest(own)})"
        message = f"{where.name} was built from {locks}"
        because = _origin(commit_with_lock(root, path, digest))
        yield replace(where.finding(message, level="warning"), because=because)


def _origin(commit: str | None) -> str:
    """Return where a lock comes from; an empty string if that is not known."""
    if not commit:
        return "" if commit is None else "no commit contains that lock"
    return f"that lock is in commit {short_commit(commit)}"


def _markers(platform: str, python: str) -> tuple[dict[str, str], ...]:
    """Return the possible marker variables in an image; raises FtiError for its platform."""
    known = {str(each): each for each in PLATFORMS}
    if platform not in known:
        raise FtiError(f"The image is built for {platform}, which no stage can be locked for.")
    minor = ".".join(python.split(".")[:2])
    releases = [python] if python != minor else [f"{minor}.{patch}" for patch in _PATCHES]
    return tuple(
        {
            **marker_environment(known[platform]),
            "platform_release": "",
            "platform_version": "",
            "python_version": minor,
            "python_full_version": full,
            "implementation_version": full,
        }
        for full in releases
    )
