"""The wheels that an image installs: whether a package has them, and their download sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.exporters.docker.base_image import image_python, python_specifiers
from poetry_fti.exporters.shared.images import image_platforms
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin, GitOrigin
from poetry_fti.model.platforms import USUAL_PLATFORMS, Targets
from poetry_fti.targets import fits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.model.lock import LockedFile, LockedPackage, LockedStage
    from poetry_fti.model.platforms import Platform


def linux_platforms(locked: LockedStage) -> tuple[Platform, ...]:
    """Return the platforms that a stage's image is built for; an empty tuple if it has no image."""
    return image_platforms(locked) if locked.stage.targets.platforms else USUAL_PLATFORMS


class ImageWheels:
    """The wheels of packages that fit a stage's image; what they depend on is determined once."""

    def __init__(self, locked: LockedStage) -> None:
        """Determine platforms and Python of the image; raises FtiError if its base does not fit."""
        targets = locked.stage.targets
        self._platforms = {
            platform: Targets(platforms=(platform,), libc=targets.libc)
            for platform in linux_platforms(locked)
        }
        self._python = python_specifiers(image_python(locked)) if self._platforms else None

    def all_install(self, package: LockedPackage) -> bool:
        """Return whether every platform of the image installs a package from a downloaded wheel."""
        if isinstance(package.origin, DirectoryOrigin | FileOrigin | GitOrigin):
            return False
        return all(self.has(package, platform) for platform in self._platforms)

    def has(self, package: LockedPackage, platform: Platform) -> bool:
        """Return whether the lock has a wheel of a package for a platform of the image."""
        return any(self._of(package, platform))

    def size(self, package: LockedPackage) -> int:
        """Return the size in bytes of the largest wheel that fits; 0 if it is not known."""
        return max(
            (file.size or 0 for each in self._platforms for file in self._of(package, each)),
            default=0,
        )

    def download(self, package: LockedPackage) -> int:
        """Return the size in bytes of the largest file that an image downloads; 0 if not known.

        For a platform without a fitting wheel, that is the source distribution.
        """
        sources = [each for each in package.files if not each.is_wheel]
        return max(
            (
                file.size or 0
                for each in self._platforms
                for file in list(self._of(package, each)) or sources
            ),
            default=0,
        )

    def _of(self, package: LockedPackage, platform: Platform) -> Iterator[LockedFile]:
        targets, python = self._platforms[platform], self._python
        return (
            each
            for each in package.files
            if each.is_wheel and python is not None and fits(each.name, targets, python)
        )


def is_built(package: LockedPackage, locked: LockedStage) -> bool:
    """Return whether a platform of the image builds a package from source."""
    if isinstance(package.origin, FileOrigin) and package.origin.path.suffix == ".whl":
        return False
    return not ImageWheels(locked).all_install(package)
