"""The parts of a stage that its image installs one by one, each from requirements of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.docker.layers.plan import others
from poetry_fti.exporters.requirements import requirements_text
from poetry_fti.exporters.shared.header import generated, header
from poetry_fti.model import IndexOrigin
from poetry_fti.wording import joined

_FILE: Final = re.compile(r"requirements\.(shared-\d+|large|own)\.txt")

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePosixPath

    from poetry_fti.model import Layer, LockedPackage, LockedStage


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a stage's packages, as if they were all that it has; `name` is the build stage's."""

    name: str
    locked: LockedStage
    path: PurePosixPath
    header: str


def lower_parts(locked: LockedStage) -> Iterator[Part]:
    """Yield what lies in layers below, the lowest first."""
    for number, layer in enumerate(locked.layers, 1):
        shared = len(layer.stages) > 1
        name = f"shared-{number}" if shared else "large"
        note = _shared_header(layer, locked) if shared else header(locked)
        yield _part(name, locked, layer.packages, note)


def own_part(locked: LockedStage) -> Part:
    """Return what lies on top of them: all, where there are none."""
    if locked.layers:
        return _part("own", locked, others(locked), header(locked))
    return Part("packages", locked, locked.folder / "requirements.txt", header(locked))


def is_part(name: str) -> bool:
    """Tell whether a file of the stage's folder has the name of a part's requirements."""
    return bool(_FILE.fullmatch(name))


def part_files(locked: LockedStage) -> Mapping[str, str]:
    """Return the requirements of the parts, by their names in the stage's folder."""
    if not locked.layers:
        return {}
    parts = [*lower_parts(locked), own_part(locked)]
    return {part.path.name: requirements_text(part.locked, part.header) for part in parts}


def requirement_paths(locked: LockedStage) -> list[PurePosixPath]:
    """Return the paths of all that the build reads requirements from."""
    return [part.path for part in (*lower_parts(locked), own_part(locked))]


def _part(
    name: str,
    locked: LockedStage,
    packages: tuple[LockedPackage, ...] | list[LockedPackage],
    note: str,
) -> Part:
    used = {each.origin.name for each in packages if isinstance(each.origin, IndexOrigin)}
    indexes = tuple(index for index in locked.indexes if index.name in used)
    part = replace(locked, packages=tuple(packages), indexes=indexes, layers=())
    return Part(name, part, locked.folder / f"requirements.{name}.txt", note)


def _shared_header(layer: Layer, locked: LockedStage) -> str:
    """Return the same for each of the stages: only so they have the same layer."""
    source = locked.folder.parent / "*" / "poetry.lock"
    note = f"# In the images of {joined(layer.stages)}."
    return f"{generated(source, 'poetry fti export')}\n{note}"
