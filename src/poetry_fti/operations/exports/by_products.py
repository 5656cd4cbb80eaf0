"""Files that a format writes for some locks only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.docker.layers.subsets import is_subset_file
from poetry_fti.exporters.python.requirements import SOURCES
from poetry_fti.exporters.shared.build_constraints import FILENAME as BUILD_CONSTRAINTS
from poetry_fti.operations.exports.generated import generated_files

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import PurePosixPath

    from poetry_fti.operations.project import Project

# The formats that also write the build constraints.
_CONSTRAINED: Final = frozenset({"conda", "dockerfile", "mlflow", "pylock", "requirements"})


def by_products(
    project: Project,
    folder: PurePosixPath,
    formats: Collection[str],
    texts: Collection[PurePosixPath],
) -> list[PurePosixPath]:
    """Return files on disk that the formats write for some locks, but not for this one.

    `texts` are the paths of the files that they write for it.
    """
    return [
        path
        for path in generated_files(project, folder)
        if path not in texts
        and (
            ("dockerfile" in formats and is_subset_file(path.name))
            or ("requirements" in formats and path.name == SOURCES)
            or (not _CONSTRAINED.isdisjoint(formats) and path.name == BUILD_CONSTRAINTS)
        )
    ]
