"""What a stage required earlier, and the packages in a text of its lock that is not on disk."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from poetry_fti.bridge.lock.compared import FilelessLocker, read_compared
from poetry_fti.bridge.lock.dependencies.requirements import direct_requirements
from poetry_fti.bridge.lock.origins import pinned_locked_versions
from poetry_fti.bridge.lock.pins import has_merge_markers
from poetry_fti.bridge.lock.preferences import readable_pins
from poetry_fti.errors import FtiError
from poetry_fti.model.lock import LockedPackage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry_fti.bridge.lock.pins import Pin
    from poetry_fti.bridge.project.derived_stage import DerivedStage
    from poetry_fti.model.lock import Requirement

# Poetry warns of path dependencies that do not exist.
_PATH_LOGGER: Final = "poetry.core.packages.path_dependency"


def past_requirements(derived: DerivedStage) -> tuple[Requirement, ...]:
    """Return the direct requirements of a stage, whose path dependencies need not exist any more.

    Raises ConfigError if Poetry cannot read one.
    """
    logger = logging.getLogger(_PATH_LOGGER)
    before, logger.disabled = logger.disabled, True
    try:
        return direct_requirements(derived.package(), derived.stage.targets)
    finally:
        logger.disabled = before


def past_packages(text: str, derived: DerivedStage) -> tuple[LockedPackage, ...]:
    """Return the packages of a lock that apply on a stage's targets, without files.

    A lock in a format that Poetry no longer reads gives names and versions only. Raises FtiError
    for merge markers, and if there is no package that can be read.
    """
    if has_merge_markers(text):
        raise FtiError("it contains merge markers")
    pins = readable_pins(text)
    try:
        locker = FilelessLocker(derived, {}, text)
        return read_compared(locker, derived.stage, derived.python, derived.root, pins)
    except Exception as error:  # Poetry raises any type for damaged text
        if not pins:
            raise FtiError("it contains no package that can be read") from error
        return tuple(_pinned(pins, derived))


def _pinned(pins: Iterable[Pin], derived: DerivedStage) -> Iterator[LockedPackage]:
    by_name = pinned_locked_versions(pins, derived.lock.parent, derived.root)
    for name, versions in by_name.items():
        for each in versions:
            yield LockedPackage(
                name=name, version=each.version, origin=each.origin, digests=each.digests
            )
