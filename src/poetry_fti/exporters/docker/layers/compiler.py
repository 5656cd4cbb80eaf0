"""Images that install packages from source, but have no compiler for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.base_images import lacks_compiler
from poetry_fti.exporters.docker.base_image import base_image, is_alpine
from poetry_fti.exporters.docker.layers.installed import is_installed
from poetry_fti.exporters.docker.layers.wheels import ImageWheels, linux_platforms
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin, GitOrigin
from poetry_fti.wording import MOST_NAMED, counted, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry_fti.model.lock import LockedPackage, LockedStage
    from poetry_fti.model.platforms import Platform


def missing_compiler(locked: LockedStage) -> str:
    """Return a warning about source distributions that an image may fail to build.

    The lock does not show whether their builds need a compiler. The text is empty for images that
    have one as far as their settings show, and where the project's own Dockerfile or template
    decides about the system. Path and git dependencies are left out.
    """
    platforms = linux_platforms(locked)
    if not platforms or not lacks_compiler(locked.stage.image):
        return ""
    known = ImageWheels(locked)
    built = {
        f"{package.name} {package.version}": on
        for package in locked.packages
        if _is_distribution(package) and (on := _built_on(package, locked, platforms, known))
    }
    if not built:
        return ""
    what = joined(built) if len(built) <= MOST_NAMED else counted(len(built), "package")
    wheels = "has no wheel" if len(built) == 1 else "have no wheels"
    where = joined(str(each) for each in platforms if any(each in on for on in built.values()))
    return (
        f"{what} in the image of {locked.stage.name} {wheels} for {where} and may need a compiler,"
        f" which {base_image(locked)} does not have. {_remedy(locked)}"
    )


def _built_on(
    package: LockedPackage,
    locked: LockedStage,
    platforms: Sequence[Platform],
    wheels: ImageWheels,
) -> list[Platform]:
    """Return the platforms of an image on which a package is built from source."""
    found = [
        platform
        for platform in platforms
        if is_installed(package, locked, platform) and not wheels.has(package, platform)
    ]
    # A stage without platforms need not be built for each of those that images usually have.
    is_chosen = bool(locked.stage.targets.platforms)
    return found if is_chosen or len(found) == len(platforms) else []


def _is_distribution(package: LockedPackage) -> bool:
    origin = package.origin
    is_wheel = isinstance(origin, FileOrigin) and origin.path.suffix == ".whl"
    return not isinstance(origin, DirectoryOrigin | GitOrigin) and not is_wheel


def _remedy(locked: LockedStage) -> str:
    if is_alpine(locked):
        key, value = "run-before", "apk add --no-cache build-base"
    else:
        # Packages are installed into an interpreter of the base image without a build stage.
        key, value = "apt" if locked.stage.image.python else "build-apt", "build-essential"
    return f'If a build fails, add "{value}" to {locked.stage.image_key(key)}.'
