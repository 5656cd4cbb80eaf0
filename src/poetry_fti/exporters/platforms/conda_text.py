"""The parts that conda environment files of several formats have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from poetry_fti.exporters.shared.images import normalized
from poetry_fti.exporters.shared.pythons import allowed_minors
from poetry_fti.targets import version_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry_fti.model.lock import LockedStage

# `nodefaults` is left out, since newer versions of conda take it for a channel.
_CHANNELS: Final = ("conda-forge",)
_MINOR_PARTS: Final = 2
# More than a minor version ever gets.
_PATCHES: Final = 100
# As `width` of `yaml_text`: each hash is on a line of its own.
WIDTH: Final = 76


def conda_environment(locked: LockedStage, python: str, pip: Sequence[str]) -> dict[str, Any]:
    """Return an environment with Python from conda, and the packages in the lines `pip` from pip.

    `python` is conda's version constraint with its operator.
    """
    return {
        "name": normalized(f"{locked.project} {locked.stage.name}"),
        "channels": list(_CHANNELS),
        "dependencies": [f"python{python}", "pip", *([{"pip": list(pip)}] if pip else [])],
    }


def conda_python(locked: LockedStage) -> str:
    """Return conda's constraint for the oldest minor version of Python that a stage supports.

    Raises FtiError if the stage allows no known version.
    """
    oldest = stage_python(locked)
    if len(oldest.release) == _MINOR_PARTS:
        return f"={oldest}"
    return f" {oldest.major}.{oldest.minor}.*,{SpecifierSet(locked.requires_python)}"


def stage_python(locked: LockedStage) -> Version:
    """Return the oldest minor version of Python that a stage supports.

    It is a patch release if the stage does not support all of them. Raises FtiError if the stage
    allows no known version.
    """
    specifiers = SpecifierSet(locked.requires_python)
    minor = version_text(allowed_minors(locked)[0])
    releases = [Version(f"{minor}.{patch}") for patch in range(_PATCHES)]
    allowed = list(filter(specifiers.contains, releases))
    return Version(minor) if allowed == releases else allowed[0]
