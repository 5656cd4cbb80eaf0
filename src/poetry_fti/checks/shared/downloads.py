"""The files that are downloaded to install a stage, and their sizes as far as they are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from poetry_fti.checks.shared.images import image_python, oldest_python
from poetry_fti.checks.shared.targets import applies
from poetry_fti.model.origins import IndexOrigin
from poetry_fti.model.platforms import USUAL_PLATFORMS, Targets
from poetry_fti.targets import stage_targets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.checks.shared.facts import CheckedStage
    from poetry_fti.model.lock import LockedPackage
    from poetry_fti.targets import StageTargets, Target


@dataclass(frozen=True, slots=True)
class Download:
    """The packages that a target downloads: the sizes in bytes, heaviest first, and the unknown."""

    target: Target
    sizes: tuple[tuple[int, LockedPackage], ...]
    unknown: tuple[LockedPackage, ...]

    @property
    def total(self) -> int:
        """The size of all packages whose size is known."""
        return sum(size for size, _ in self.sizes)


def downloads(stage: CheckedStage) -> tuple[Download, ...]:
    """Return what each platform of a stage downloads, with the Python of the stage's image.

    If the image's Python is unknown, it is the oldest that the stage allows; a stage without
    `platforms` has those of `USUAL_PLATFORMS`.
    """
    where, sizes = _targets(stage), stage.sizes()
    return tuple(_download(stage, where, target, sizes) for target in where.required)


def _targets(stage: CheckedStage) -> StageTargets:
    """Return the platforms of a stage with the Python of its image, or else its oldest one."""
    targets = stage.stage.targets
    platforms = targets.platforms or USUAL_PLATFORMS
    own = Targets(platforms=platforms, libc=targets.libc, macos=targets.macos)
    minor = image_python(stage) or oldest_python(stage)
    return stage_targets(own, SpecifierSet(f"=={minor[0]}.{minor[1]}.*" if minor else stage.python))


def _download(
    stage: CheckedStage, where: StageTargets, target: Target, sizes: Mapping[str, int]
) -> Download:
    known, unknown = [], []
    for package in stage.packages:
        if isinstance(package.origin, IndexOrigin) and applies(package, target):
            size = _size(stage, package, where, target, sizes)
            if size is None:
                unknown.append(package)
            else:
                known.append((size, package))
    known.sort(key=lambda pair: (-pair[0], pair[1].name))
    return Download(target, tuple(known), tuple(unknown))


def _size(
    stage: CheckedStage,
    package: LockedPackage,
    where: StageTargets,
    target: Target,
    sizes: Mapping[str, int],
) -> int | None:
    """Return the size of the largest wheel for a target, or of the source distribution."""
    files = stage.files(package)
    wheels = [each for each in files if each.is_wheel and target in where.of(each.name)]
    chosen = wheels or [each for each in files if not each.is_wheel]
    return max((sizes[each.digest] for each in chosen if each.digest in sizes), default=None)
