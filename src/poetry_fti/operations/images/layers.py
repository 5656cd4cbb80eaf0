"""Plans the layers of images, and finds out which of them several images share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from poetry_fti import files
from poetry_fti.errors import FtiError
from poetry_fti.exporters.docker.layers.compiler import missing_compiler, missing_files
from poetry_fti.exporters.docker.layers.cuda import duplicate_cuda
from poetry_fti.exporters.docker.layers.installed import image_view
from poetry_fti.exporters.docker.layers.local_urls import local_urls
from poetry_fti.exporters.docker.layers.plan import plan_layers
from poetry_fti.exporters.docker.layers.sharing import savings
from poetry_fti.exporters.python.pylock import filename, known_files, with_urls
from poetry_fti.wording import named_stages, readable

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable

    from poetry_fti.model.lock import LockedFile, LockedPackage, LockedStage
    from poetry_fti.operations.project import Project


_SHOWN: Final = 4


def with_layers(project: Project, stages: Iterable[LockedStage]) -> list[LockedStage]:
    """Return stages with the packages, the layers and the file sizes of their images.

    Raises IndexFailedError if a package index fails.
    """
    sized = (_sized(project, locked) for locked in stages)
    return [replace(locked, layers=plan_layers(locked)) for locked in sized]


@dataclass(frozen=True, slots=True)
class OtherStages:
    """The stages that images are compared with, and a warning for each that is left out."""

    stages: tuple[LockedStage, ...]
    warnings: tuple[str, ...]


def other_stages(project: Project, names: Collection[str]) -> OtherStages:
    """Return the stages other than `names` that have fresh locks, reduced to their images."""
    found: list[LockedStage] = []
    warnings: list[str] = []
    for stage in project.stages:
        if stage.name not in names:
            try:
                found += with_layers(project, [project.locked(stage)])
            except FtiError as error:
                warnings.append(f"{stage.name} is not compared: {str(error).partition(chr(10))[0]}")
    return OtherStages(tuple(found), tuple(warnings))


def image_warnings(stages: Iterable[LockedStage]) -> list[str]:
    """Return warnings about images that contain CUDA twice or that may fail to build."""
    checks = (duplicate_cuda, missing_files, missing_compiler, local_urls)
    return [text for locked in stages for check in checks if (text := check(locked))]


def shared_layers(images: Iterable[LockedStage], others: Iterable[LockedStage] = ()) -> str:
    """Return a sentence on the download sizes that images share, also with those of `others`.

    It is empty if they share none.
    """
    chosen = list(images)
    about = {locked.stage.name for locked in chosen}
    everything = savings([*chosen, *others])
    found = {names: each for names, each in everything.items() if not about.isdisjoint(names)}
    if not found:
        return ""
    largest = sorted(found, key=lambda names: (-found[names][1], names))
    shown = sorted(largest[:_SHOWN], key=lambda names: (-len(names), names))
    parts = [f"{readable(found[names][0])} in {named_stages(names)}" for names in shown]
    parts += [f"less in {len(found) - _SHOWN} more combinations"] * (len(found) > _SHOWN)
    saved = readable(sum(saving for _, saving in found.values()))
    return f"Images share packages: {'; '.join(parts)}. That saves {saved} of downloads."


def has_sizes(project: Project, locked: LockedStage) -> bool:
    """Return whether the layers of a stage's image can be planned without the index."""
    return not _unknown(image_view(locked), _known_files(project, locked))


def _sized(project: Project, locked: LockedStage) -> LockedStage:
    """Return what a stage's image installs, with file sizes from its pylock or from the index."""
    locked = image_view(locked)
    known = _known_files(project, locked)
    if unknown := _unknown(locked, known):
        known |= project.poetry.find_files(unknown)
    return with_urls(locked, known)


def _known_files(project: Project, locked: LockedStage) -> dict[str, LockedFile]:
    """Return the files in a stage's pylock by digest; an empty mapping if there is none."""
    path = project.root / locked.folder / filename(locked.stage.name)
    return dict(known_files(files.read(path, project.root) or ""))


def _unknown(locked: LockedStage, known: Container[str]) -> list[LockedPackage]:
    """Return the packages with files that are not among `known` digests."""
    return [
        package
        for package in locked.packages
        if not all(file.digest in known for file in package.files)
    ]
