"""The subsets of a stage's packages that its image installs one by one, each in its own layer."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.docker.layers.plan import can_share, unlayered
from poetry_fti.exporters.python.requirements import requirements_text
from poetry_fti.exporters.shared.header import header, project_header
from poetry_fti.model.origins import IndexOrigin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import PurePosixPath

    from poetry_fti.model.lock import LockedPackage, LockedStage

_FILE: Final = re.compile(r"requirements\.(shared-[a-z0-9-]+|large|own)\.txt")


@dataclass(frozen=True, slots=True)
class PackageSubset:
    """A subset of a stage's packages that is installed from a requirements file of its own.

    `name` is the name of the Docker build stage; `locked` is the stage reduced to the subset;
    `path` is the requirements file, relative to the project's root; `header` is its first line.
    `is_shared` is true for a subset whose requirements have to be the same in all stages.
    """

    name: str
    locked: LockedStage
    path: PurePosixPath
    header: str
    is_shared: bool = False


def lower_subsets(locked: LockedStage) -> Iterator[PackageSubset]:
    """Yield the subset of each planned layer of the stage's image, lowest first."""
    is_shared = can_share(locked)
    note = project_header(locked.folder.parent) if is_shared else header(locked)
    for layer in locked.layers:
        yield replace(_subset(layer.name, locked, layer.packages, note), is_shared=is_shared)


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
    return {each.path.name: subset_text(each) for each in subsets(locked)}


def subset_text(subset: PackageSubset) -> str:
    """Return the text of a subset's requirements file."""
    # With another text, be it for the files of a platform that only one stage has, each stage would
    # have a layer of its own.
    return requirements_text(subset.locked, subset.header, every_file=subset.is_shared)


def _has_own_files(locked: LockedStage) -> bool:
    # A comment on what requires a package must not make an image new.
    return bool(locked.layers) or locked.is_reduced or locked.via


def _subset(
    name: str, locked: LockedStage, packages: Sequence[LockedPackage], note: str
) -> PackageSubset:
    used = {each.origin.name for each in packages if isinstance(each.origin, IndexOrigin)}
    indexes = tuple(index for index in locked.indexes if index.name in used)
    reduced = replace(locked, packages=tuple(packages), indexes=indexes, layers=())
    return PackageSubset(name, reduced, locked.folder / f"requirements.{name}.txt", note)
