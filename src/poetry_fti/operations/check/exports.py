"""Finds files of earlier exports that an export would write otherwise, without an index."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from poetry_fti.checks.shared.facts import ExportedFiles
from poetry_fti.errors import FtiError
from poetry_fti.operations.export import ExportRequest, differences, render
from poetry_fti.operations.exports.generated import exported_stages
from poetry_fti.operations.exports.written_files import main_file, written_formats
from poetry_fti.operations.images.layers import has_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import PurePosixPath

    from poetry_fti.checks.shared.facts import ExportState
    from poetry_fti.operations.export import Rendered
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


def differing_exports(project: Project) -> list[ExportedFiles]:
    """Return the files of earlier exports that are not as an export would write them now.

    Only stages with a fresh lock are compared. The state of a Dockerfile is unknown if no pylock
    file contains the sizes of packages, which decide on its layers. Files of former stages are left
    out.
    """
    stages = [stage for stage in exported_stages(project) if project.is_fresh(stage)]
    sized = [stage for stage in stages if _has_sizes(project, stage)]
    unsized = [stage for stage in stages if stage not in sized]
    owners = {
        project.config.directory: None,
        **{stage.folder: stage.name for stage in project.stages},
    }
    found: dict[tuple[str | None, ExportState], set[PurePosixPath]] = {}
    failures: dict[str, list[str]] = {}
    for batch, layers in ((sized, True), (unsized, False)):
        for names, result in _rendered(project, batch, layers=layers) if batch else ():
            if isinstance(result, str):
                failures.setdefault(result, []).extend(names)
                continue
            for state, path in _differing(project, result, unsized):
                if path.parent in owners:
                    found.setdefault((owners[path.parent], state), set()).add(path)
    for stage in unsized:
        if (stage.name, "outdated") not in found:  # what repairs those repairs the others
            found[stage.name, "unknown"] = set(_layered(project, stage))
    return [*_failed(failures), *_grouped(found)]


def _has_sizes(project: Project, stage: ProjectStage) -> bool:
    """Return whether everything that has been exported can be compared without an index."""
    if not any(_layered(project, stage)):
        return True
    with suppress(FtiError):
        return has_sizes(project, project.locked(stage))
    return True  # the export reports the error


def _layered(project: Project, stage: ProjectStage) -> Iterator[PurePosixPath]:
    """Yield the files of a stage that need the layers of its image."""
    for name, each in written_formats(project, stage).items():
        if each.exporter.needs_layers:
            yield main_file(stage, name, each.exporter)


def _rendered(
    project: Project, stages: Sequence[ProjectStage], *, layers: bool
) -> Iterator[tuple[list[str], Rendered | str]]:
    """Yield the names of stages with what an export would write, or why they are not exported."""
    request = ExportRequest(
        stages=tuple(stages), formats=(), check=True, layers=layers, partial=True, follow=True
    )
    names = [stage.name for stage in stages]
    try:
        yield names, render(project, request)
    except FtiError as error:
        if len(stages) == 1:
            yield names, str(error).partition("\n")[0]
            return
        for stage in stages:
            yield from _rendered(project, [stage], layers=layers)


def _differing(
    project: Project, rendered: Rendered, unsized: Sequence[ProjectStage]
) -> Iterator[tuple[ExportState, PurePosixPath]]:
    for each in differences(project, rendered):
        yield "missing" if each.found is None else "outdated", each.path
    for path in rendered.obsolete:
        yield "obsolete", path
    # What has not been rendered is not unused.
    partly = {stage.folder for stage in unsized}
    for path in rendered.unused:
        if path.parent not in partly:
            yield "unused", path


def _failed(failures: Mapping[str, list[str]]) -> Iterator[ExportedFiles]:
    for reason, names in failures.items():
        stage = names[0] if len(names) == 1 else None
        yield ExportedFiles(stage=stage, state="failed", reason=reason)


def _grouped(
    found: Mapping[tuple[str | None, ExportState], set[PurePosixPath]],
) -> Iterator[ExportedFiles]:
    for (stage, state), paths in found.items():
        yield ExportedFiles(stage=stage, state=state, paths=tuple(sorted(map(str, paths))))
