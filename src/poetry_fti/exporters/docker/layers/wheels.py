"""The wheels that an image installs: whether a package has them, and their download sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.exporters.docker.base_image import image_python, python_specifiers
from poetry_fti.exporters.shared.images import image_platforms
from poetry_fti.model import USUAL_PLATFORMS, DirectoryOrigin, FileOrigin, GitOrigin, Targets
from poetry_fti.targets import fits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.model import LockedFile, LockedPackage, LockedStage, Platform


def linux_platforms(locked: LockedStage) -> tuple[Platform, ...]:
    """Return the platforms that a stage's image is built for; an empty tuple if it has no image."""
    return image_platforms(locked) if locked.stage.targets.platforms else USUAL_PLATFORMS


def is_wheel(package: LockedPackage, locked: LockedStage) -> bool:
    """Return whether every platform of the image installs a package from a downloaded wheel."""
    if isinstance(package.origin, DirectoryOrigin | FileOrigin | GitOrigin):
        return False
    return all(has_wheel(package, locked, each) for each in linux_platforms(locked))


def has_wheel(package: LockedPackage, locked: LockedStage, platform: Platform) -> bool:
    """Return whether the lock has a wheel of a package for a platform of the image."""
    return any(_wheels(package, locked, platform))


def is_built(package: LockedPackage, locked: LockedStage) -> bool:
    """Return whether a platform of the image builds a package from source."""
    if isinstance(package.origin, FileOrigin) and package.origin.path.suffix == ".whl":
        return False
    return not is_wheel(package, locked)


def download_size(package: LockedPackage, locked: LockedStage) -> int:
    """Return the size in bytes of the largest wheel that fits the image; 0 if it is not known."""
    return max(
        (
            file.size or 0
            for platform in linux_platforms(locked)
            for file in _wheels(package, locked, platform)
        ),
        default=0,
    )


def _wheels(
    package: LockedPackage, locked: LockedStage, platform: Platform
) -> Iterator[LockedFile]:
    targets = Targets(platforms=(platform,), libc=locked.stage.targets.libc)
    python = python_specifiers(image_python(locked))
    return (each for each in package.files if each.is_wheel and fits(each.name, targets, python))
