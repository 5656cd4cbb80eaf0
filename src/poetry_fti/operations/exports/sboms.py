"""The SBOMs of stages, which their images contain as soon as they have been exported."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.cyclonedx import EXPORTER
from poetry_fti.operations.exports.written_files import StageFormat, is_exported, main_file
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import PurePosixPath

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage

SBOM: Final = "cyclonedx"


def written_sbom(project: Project, stage: ProjectStage) -> dict[str, StageFormat]:
    """Return the format of a stage's SBOM by its name; empty if it has not been exported."""
    return {SBOM: StageFormat(SBOM, EXPORTER)} if is_exported(project, stage, SBOM) else {}


def with_sbom(
    project: Project, locked: LockedStage, stage: ProjectStage, formats: Iterable[StageFormat] = ()
) -> LockedStage:
    """Return a stage whose image contains its SBOM if that is, or has been, exported."""
    is_new = any(each.name == SBOM for each in formats)
    return replace(locked, has_sbom=is_new or is_exported(project, stage, SBOM))


def stale_dockerfiles(project: Project, exported: Collection[PurePosixPath]) -> Iterator[str]:
    """Yield a warning if Dockerfiles do not copy the first SBOMs of their stages.

    `exported` are the paths, relative to the root, of the files that are about to be written.
    """
    found = []
    for stage in project.stages:
        sbom, dockerfile = main_file(stage, SBOM, EXPORTER), stage.folder / "Dockerfile"
        is_new = sbom in exported and not is_exported(project, stage, SBOM)
        if is_new and dockerfile not in exported and is_exported(project, stage, "dockerfile"):
            found.append(str(dockerfile))
    if found:
        what = "does not copy the new SBOM" if len(found) == 1 else "do not copy the new SBOMs"
        yield f"{joined(found)} {what} yet. Run `poetry fti export`."
