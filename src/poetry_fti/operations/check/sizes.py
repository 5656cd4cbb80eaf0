"""The sizes of locked files, without an index: out of Poetry's cache and of exported files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti import files

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from poetry_fti.model.lock import LockedPackage
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


def known_sizes(
    project: Project, stage: ProjectStage, packages: Collection[LockedPackage]
) -> Mapping[str, int]:
    """Return the sizes in bytes of the files of packages by digest, as far as they are known."""
    found = project.poetry.known_sizes(packages)
    if all(not found.keys().isdisjoint(each.digests) for each in packages if each.digests):
        return found
    # It imports the format, which takes longer than most checks.
    from poetry_fti.exporters.python.pylock import filename, known_files  # noqa: PLC0415

    path = project.root / stage.folder / filename(stage.name)
    exported = known_files(files.read(path, project.root) or "")
    return {**{each.digest: each.size for each in exported.values() if each.size}, **found}
