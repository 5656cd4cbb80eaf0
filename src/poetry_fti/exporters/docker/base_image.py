"""The image that a stage's own image starts from, and whether it fits the stage."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from poetry_fti.errors import FtiError
from poetry_fti.model import Libc
from poetry_fti.targets import python_minors

if TYPE_CHECKING:
    from poetry_fti.model import LockedStage, Stage

# The build context that the image of one's own Dockerfile is given as.
OWN: Final = "own-base"
_MUSL: Final = Libc("musl", (1, 2))
_GLIBC: Final = {
    "buster": (2, 28),
    "bullseye": (2, 31),
    "bookworm": (2, 36),
    "trixie": (2, 41),
    "focal": (2, 31),
    "jammy": (2, 35),
    "noble": (2, 39),
}
_GLIBC_WORDS: Final = ("slim", "debian", "ubuntu", *_GLIBC)
_PYTHON: Final = re.compile(r"(?:^|/)python:(\d+\.\d+(?:\.\d+)?)(?![\d.])")


def base_image(locked: LockedStage) -> str:
    """Return `image.base` or the oldest Python that the stage allows, on Debian (musl: Alpine).

    That of the project's own Dockerfile has no name but the one it gets in the build. Raises
    FtiError for an image whose name says that the lock does not fit it.
    """
    image = locked.stage.image
    base = OWN if image.dockerfile else image.base or _default(locked)
    if not image.dockerfile:
        _check_python(base, locked)
        _check_libc(base, locked.stage)
    if (image.apt or image.build_apt) and is_alpine(locked):
        key = _key(locked.stage, "image.apt" if image.apt else "image.build-apt")
        what = (
            f"the stage is locked for {_MUSL.family}" if image.dockerfile else f"{base} is Alpine"
        )
        message = (
            f"{key} names Debian packages, but {what}."
            " Choose a Debian image as the base, or one that holds what you need."
        )
        raise FtiError(message)
    return base


def image_python(locked: LockedStage) -> str:
    """Return the minor version of Python that the base's name tells, else what the stage allows."""
    match = _PYTHON.search(_name(base_image(locked)))
    image = locked.stage.image
    if match is None or (image.template and not image.base):  # it may start from anything
        return locked.requires_python
    release = Version(match[1])
    return f"{release.major}.{release.minor}"


def python_specifiers(python: str) -> SpecifierSet:
    """Return the versions that such a Python may have."""
    return SpecifierSet(f"=={python}.*" if python[:1].isdigit() else python)


def from_base(locked: LockedStage) -> str:
    """Return the instruction that all other stages of the build start from."""
    instruction = f"FROM {base_image(locked)} AS base"
    if locked.stage.image.dockerfile is None:
        return instruction
    reason = f"# As {_key(locked.stage, 'image.dockerfile')} says."
    return f"{reason}\n# hadolint ignore=DL3006\n{instruction}"


def is_alpine(locked: LockedStage) -> bool:
    """Tell whether the base is Alpine Linux: its name, or else the stage's libc, says so."""
    image = locked.stage.image
    if image.dockerfile:
        return locked.stage.targets.libc.family == "musl"
    return _is_alpine(image.base or _default(locked))


def _default(locked: LockedStage) -> str:
    minors = python_minors(SpecifierSet(locked.requires_python))
    if not minors:
        message = (
            f'The stage "{locked.stage.name}" allows no known version of Python'
            f" ({locked.requires_python}). Set {_key(locked.stage, 'image.base')}."
        )
        raise FtiError(message)
    system = "alpine" if locked.stage.targets.libc.family == "musl" else "slim-bookworm"
    return "python:{}.{}-{}".format(*min(minors), system)


def _check_python(base: str, locked: LockedStage) -> None:
    match = _PYTHON.search(_name(base))
    if match is None:
        return
    specifiers = SpecifierSet(locked.requires_python)
    release = Version(match[1])
    minor_fits = (release.major, release.minor) in python_minors(specifiers)
    fits = minor_fits if len(release.release) == len("xy") else release in specifiers
    if not fits:
        message = (
            f'{base} has Python {release}, but the stage "{locked.stage.name}" is locked for'
            f" Python {specifiers}. Set {_key(locked.stage, 'image.base')} or"
            f" {_key(locked.stage, 'python')} so that they agree."
        )
        raise FtiError(message)


def _check_libc(base: str, stage: Stage) -> None:
    if not stage.targets.platforms:  # locked for every platform, hence for every libc
        return
    libc = stage.targets.libc
    found = _libc(base, libc)
    if found is None or (found.family == libc.family and found.version >= libc.version):
        return
    message = (
        f'{base} has {found}, but the stage "{stage.name}" is locked for {libc}. Set'
        f' {_key(stage, "libc")} = "{found}" and lock again, or choose another base.'
    )
    raise FtiError(message)


def _libc(base: str, wanted: Libc) -> Libc | None:
    """Return the libc that an image's name speaks of; a Debian of no version has any glibc."""
    if _is_alpine(base):
        return _MUSL
    words = _words(base)
    for word in words:
        if word in _GLIBC:
            return Libc("glibc", _GLIBC[word])
    if not any(word.startswith(_GLIBC_WORDS) for word in words):
        return None
    return wanted if wanted.family == "glibc" else Libc()


def _is_alpine(base: str) -> bool:
    return any(word.startswith("alpine") for word in _words(base))


def _words(base: str) -> list[str]:
    return re.split(r"[^a-z0-9]+", _name(base).lower())


def _name(base: str) -> str:
    return base.partition("@")[0]


def _key(stage: Stage, key: str) -> str:
    return f"tool.fti.stages.{stage.name}.{key}"
