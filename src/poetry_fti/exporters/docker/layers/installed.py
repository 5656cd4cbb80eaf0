"""The packages that a stage's image installs: those of Linux and of the image's Python."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from packaging.markers import Marker

from poetry_fti.errors import FtiError
from poetry_fti.exporters.docker.base_image import image_python, python_specifiers
from poetry_fti.exporters.docker.layers.wheels import linux_platforms
from poetry_fti.targets import marker_environment, python_environments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.model.lock import LockedPackage, LockedStage
    from poetry_fti.model.platforms import Platform

# Variables whose values in the image are not known.
_UNKNOWN: Final = ("platform_release", "platform_version", "extra")


def image_view(locked: LockedStage) -> LockedStage:
    """Return a stage with the packages that its image installs.

    Packages whose marker is false on every platform of the image, or for its Python, are left out.
    A marker that is true on all of them is removed, so that images share more packages. A stage
    without an image is returned as it is.
    """
    platforms = linux_platforms(locked)
    if not platforms:
        return locked
    packages = tuple(_installed(locked, platforms))
    is_reduced = locked.is_reduced or len(packages) < len(locked.packages)
    return replace(locked, packages=packages, is_reduced=is_reduced)


def is_installed(package: LockedPackage, locked: LockedStage, platform: Platform) -> bool:
    """Return whether the image of a platform installs a package, or may do so."""
    if package.marker is None:
        return True
    return _values(str(package.marker), (platform,), image_python(locked)) != {False}


def _installed(locked: LockedStage, platforms: tuple[Platform, ...]) -> Iterator[LockedPackage]:
    python = locked.requires_python
    with suppress(FtiError):  # the export of the stage reports an unsuitable base image
        python = image_python(locked)
    for package in locked.packages:
        if package.marker is None:
            yield package
            continue
        values = _values(str(package.marker), platforms, python)
        if values == {True}:
            yield replace(package, marker=None)
        elif values != {False}:
            yield package


@lru_cache(4096)
def _values(marker: str, platforms: tuple[Platform, ...], python: str) -> frozenset[bool]:
    """Return the values of a marker in all environments of an image; an empty set if unknown."""
    if any(name in marker for name in _UNKNOWN):
        return frozenset()
    parsed = Marker(marker)
    return frozenset(
        parsed.evaluate({**marker_environment(platform), **versions})
        for platform in platforms
        for versions in python_environments(python_specifiers(python))
    )
