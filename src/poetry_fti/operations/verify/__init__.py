"""Compares what is installed somewhere with the lock of a stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Verification:
    """What `poetry fti verify` compares with a lock; see `poetry_fti.checks.Check`."""

    summary: str
    explanation: str


# By the name that findings have in place of that of a check.
VERIFICATIONS: Final[Mapping[str, Verification]] = {
    "model": Verification(
        "a model works with the versions in the lock of the stage that loads it",
        "What a model file records about the versions that it was saved with is compared with the"
        " lock, by the facts of the check `skew`. The file is read, never loaded.\n\nSave the model"
        " with the versions of the stage, or lock those of the model.",
    ),
    "environment": Verification(
        "what is installed in an environment is what the lock of its stage contains",
        "Names, versions and sources of the installed packages are compared with the lock. Packages"
        " that the lock does not contain are warnings.\n\nInstall the stage again.",
    ),
    "image": Verification(
        "an image has been built from the lock of its stage, and contains what that lock contains",
        "The label `poetry-fti.lock` of the image is compared with the lock, and then the packages"
        " that are installed in the image, which is not started.\n\nBuild the image again.",
    ),
}
