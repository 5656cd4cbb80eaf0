"""The SBOMs of stages, which their images contain as soon as they have been exported."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.cyclonedx import EXPORTER
from poetry_fti.operations.exports.written_files import StageFormat, is_exported

if TYPE_CHECKING:
    from collections.abc import Iterable

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
