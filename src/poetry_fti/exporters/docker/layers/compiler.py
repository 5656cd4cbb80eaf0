"""Images that cannot install packages: they have no file, or have to be compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.base_images import lacks_compiler
from poetry_fti.exporters.docker.base_image import base_image, image_python, is_alpine
from poetry_fti.exporters.docker.layers.installed import is_installed
from poetry_fti.exporters.docker.layers.wheels import ImageWheels, linux_platforms
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin, GitOrigin
from poetry_fti.wording import MOST_NAMED, counted, joined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poetry_fti.model.lock import LockedPackage, LockedStage
    from poetry_fti.model.platforms import Platform


def missing_compiler(locked: LockedStage) -> str:
    """Return a warning about source distributions that an image may fail to build.

    The lock does not show whether their builds need a compiler. The text is empty for images that
    have one as far as their settings show, and where the project's own Dockerfile or template
    decides about the system. Path and git dependencies are left out.
    """
    if not lacks_compiler(locked.stage.image):
        return ""
    built = _without_wheels(locked, has_source=True)
    if not built:
        return ""
    wheels = "has no wheel" if len(built) == 1 else "have no wheels"
    return (
        f"{_named(built)} in the image of {locked.stage.name} {wheels} for {_where(built)} and may"
        f" need a compiler, which {base_image(locked)} does not have. {_remedy(locked)}"
    )


def missing_files(locked: LockedStage) -> str:
    """Return a warning about packages that an image cannot install; empty if there are none.

    They have neither a wheel for the image nor a source distribution.
    """
    missing = _without_wheels(locked, has_source=False)
    if not missing:
        return ""
    files = "has no file" if len(missing) == 1 else "have no files"
    python = image_python(locked)
    return (
        f"{_named(missing)} {files} for {_where(missing)} and Python {python}: the image of"
        f" {locked.stage.name} cannot be built. Choose another version, or change `python`,"
        f" `platforms` or `image.base` of tool.fti.stages.{locked.stage.name}."
    )


def _without_wheels(locked: LockedStage, *, has_source: bool) -> dict[str, list[Platform]]:
    """Return the packages without a wheel, each with the platforms of the image that lack one."""
    platforms = linux_platforms(locked)
    if not platforms:
        return {}
    known = ImageWheels(locked)
    return {
        f"{package.name} {package.version}": on
        for package in locked.packages
        if _is_distribution(package)
        and _has_source(package) is has_source
        and (on := _lacking_on(package, locked, platforms, known))
    }


def _named(packages: Mapping[str, object]) -> str:
    few = len(packages) <= MOST_NAMED
    return joined(packages) if few else counted(len(packages), "package")


def _where(packages: Mapping[str, Sequence[Platform]]) -> str:
    return joined(sorted({str(each) for found in packages.values() for each in found}))


def _lacking_on(
    package: LockedPackage,
    locked: LockedStage,
    platforms: Sequence[Platform],
    wheels: ImageWheels,
) -> list[Platform]:
    """Return the platforms of an image for which a package that it installs has no wheel."""
    found = [
        platform
        for platform in platforms
        if is_installed(package, locked, platform) and not wheels.has(package, platform)
    ]
    # A stage without platforms need not be built for each of those that images usually have.
    is_chosen = bool(locked.stage.targets.platforms)
    return found if is_chosen or len(found) == len(platforms) else []


def _has_source(package: LockedPackage) -> bool:
    return not package.files or not all(file.is_wheel for file in package.files)


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
