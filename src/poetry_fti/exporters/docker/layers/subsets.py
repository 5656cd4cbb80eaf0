"""The subsets of a stage's packages that its image installs one by one, each in its own layer."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.docker.layers.plan import unlayered
from poetry_fti.exporters.requirements import requirements_text
from poetry_fti.exporters.shared.header import header, project_header
from poetry_fti.model import IndexOrigin
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import PurePosixPath

    from poetry_fti.model import Layer, LockedPackage, LockedStage

_FILE: Final = re.compile(r"requirements\.(shared-\d+|large|own)\.txt")


@dataclass(frozen=True, slots=True)
class PackageSubset:
    """A subset of a stage's packages that is installed from a requirements file of its own.

    `name` is the name of the Docker build stage; `locked` is the stage reduced to the subset;
    `path` is the requirements file, relative to the project's root; `header` is its first line.
    """

    name: str
    locked: LockedStage
    path: PurePosixPath
    header: str


def lower_subsets(locked: LockedStage) -> Iterator[PackageSubset]:
    """Yield the subset of each planned layer of the stage's image, lowest first."""
    for number, layer in enumerate(locked.layers, 1):
        is_shared = len(layer.stages) > 1
        name = f"shared-{number}" if is_shared else "large"
        note = _shared_header(layer, locked) if is_shared else header(locked)
        yield _subset(name, locked, layer.packages, note)


def top_subset(locked: LockedStage) -> PackageSubset:
    """Return the subset above the planned layers: all packages if no layer is planned.

    They are those of requirements.txt, unless that has packages which the image does not install.
    """
    if _has_own_files(locked):
        return _subset("own", locked, unlayered(locked), header(locked))
    return PackageSubset("packages", locked, locked.folder / "requirements.txt", header(locked))


def subsets(locked: LockedStage) -> list[PackageSubset]:
    """Return all subsets of the stage's packages, lowest layer first."""
    return [*lower_subsets(locked), top_subset(locked)]


def is_subset_file(name: str) -> bool:
    """Return whether a file name is that of a subset's requirements."""
    return bool(_FILE.fullmatch(name))


def subset_files(locked: LockedStage) -> Mapping[str, str]:
    """Return the text of each subset's requirements by file name.

    The mapping is empty if the image is installed from requirements.txt.
    """
    if not _has_own_files(locked):
        return {}
    return {each.path.name: requirements_text(each.locked, each.header) for each in subsets(locked)}


def _has_own_files(locked: LockedStage) -> bool:
    return bool(locked.layers) or locked.is_reduced


def _subset(
    name: str, locked: LockedStage, packages: Sequence[LockedPackage], note: str
) -> PackageSubset:
    used = {each.origin.name for each in packages if isinstance(each.origin, IndexOrigin)}
    indexes = tuple(index for index in locked.indexes if index.name in used)
    reduced = replace(locked, packages=tuple(packages), indexes=indexes, layers=())
    return PackageSubset(name, reduced, locked.folder / f"requirements.{name}.txt", note)


def _shared_header(layer: Layer, locked: LockedStage) -> str:
    # It is the same in all stages: with another text each would have a layer of its own.
    note = f"# In the images of {joined(layer.stages)}."
    return f"{project_header(locked.folder.parent)}\n{note}"
