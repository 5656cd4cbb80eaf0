"""The lock of packages that have been solved for a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.bridge.lock.locked import SolvedLock, comparable_packages, require_files
from poetry_fti.bridge.lock.text.lock_text import lock_text
from poetry_fti.bridge.lock.validation import require_valid

if TYPE_CHECKING:
    from poetry_fti.bridge.lock.locker import StageLocker
    from poetry_fti.bridge.project.derived_stage import DerivedStage
    from poetry_fti.bridge.solving.solution import SolvedPackages


def make_lock(derived: DerivedStage, locker: StageLocker, packages: SolvedPackages) -> SolvedLock:
    """Return the lock of a stage with these packages, under the conditions of its locker.

    Raises FtiError for a package that cannot be installed where the stage runs, and for one with
    invalid data.
    """
    require_valid(packages)
    stage, python = derived.stage, derived.python
    require_files(packages, stage, python)
    text = lock_text(locker, derived.package(), packages)
    return SolvedLock(text, comparable_packages(packages, stage, python, derived.root))
