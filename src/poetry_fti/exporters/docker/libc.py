"""The C library that an image of a stage needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from poetry_fti.exporters.shared.images import image_platforms
from poetry_fti.model.platforms import Libc
from poetry_fti.targets import stage_targets

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedStage


def needed_libc(locked: LockedStage) -> tuple[Libc, str]:
    """Return the C library that a stage is locked for, and the name of the package it is due to.

    Without the key `libc` it is the oldest glibc that all packages can be installed with, of no
    certain version if none needs one. The name is empty otherwise.
    """
    targets = locked.stage.targets
    if targets.libc.version is not None:
        return targets.libc, ""
    where = stage_targets(targets, SpecifierSet(locked.requires_python))
    found = [
        (version, package.name)
        for platform in image_platforms(locked)
        for package in locked.packages
        if (version := where.needed_system([f.name for f in package.files], platform))
    ]
    version, name = max(found, default=(None, ""))
    return Libc(targets.libc.family, version), name
