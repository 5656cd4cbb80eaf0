"""Finds exported files that do not match a lock any more, without an index."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.errors import FtiError
from poetry_fti.operations.exports.generated import exported_stages

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import PurePosixPath

    from poetry_fti.operations.project import Project


def outdated_exports(project: Project, names: Collection[str]) -> list[PurePosixPath]:
    """Return the files of earlier exports that do not match the locks of stages.

    Files of images are not compared, since planning their layers may need the index. The list is
    empty if the stages cannot be exported.
    """
    stages = tuple(stage for stage in exported_stages(project) if stage.name in names)
    if not stages:
        return []
    # The exporters take a while to import.
    from poetry_fti.operations.export import ExportRequest, render  # noqa: PLC0415

    request = ExportRequest(
        stages=stages, formats=(), check=True, layers=False, partial=True, follow=True
    )
    with suppress(FtiError, OSError):
        found = render(project, request).texts
        return [each.path for each in files.differences(found, project.root)]
    return []
