"""The base image of a stage's image, and whether it fits the stage's lock."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet

from poetry_fti.base_images import (
    GLIBC,
    MUSL,
    base_libc,
    base_python,
    is_debian_like,
    without_digest,
)
from poetry_fti.base_images import is_alpine as is_alpine_image
from poetry_fti.errors import FtiError
from poetry_fti.exporters.docker.libc import needed_libc
from poetry_fti.exporters.shared.pythons import allowed_minors
from poetry_fti.model.platforms import Libc
from poetry_fti.targets import python_minors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.model.stage import Stage

# The name under which a base image from the project's own Dockerfile is passed to the build.
BASE_CONTEXT: Final = "own-base"
_ROOTED: Final = re.compile(r"(docker\.io/)?(library/)?(python|debian|ubuntu|alpine)(:|$)")


def base_image(locked: LockedStage) -> str:
    """Return the reference of the base image.

    It is `image.base`, or else the official image of the oldest Python that the stage supports, on
    Debian or, for musl, Alpine; `BASE_CONTEXT` for a base from the project's own Dockerfile. Raises
    FtiError if its name shows that Python, libc or system packages do not fit the stage.
    """
    image = locked.stage.image
    base = BASE_CONTEXT if image.dockerfile else image.base or _default(locked)
    if not image.dockerfile:
        _check_python(base, locked)
        _check_libc(base, locked)
    if (image.apt or image.build_apt) and is_alpine(locked):
        key = locked.stage.image_key("apt" if image.apt else "build-apt")
        what = f"the stage is locked for {MUSL.family}" if image.dockerfile else f"{base} is Alpine"
        message = (
            f"{key} names Debian packages, but {what}."
            " Choose a Debian image as the base, or one that contains what you need."
        )
        raise FtiError(message)
    return base


def image_python(locked: LockedStage) -> str:
    """Return the minor Python version in the base's name, or else the stage's specifier."""
    release = base_python(base_image(locked))
    image = locked.stage.image
    # A template may use another base, and the base may have several interpreters.
    if release is None or image.python or (image.template and not image.base):
        return locked.requires_python
    return f"{release.major}.{release.minor}"


def python_specifiers(python: str) -> SpecifierSet:
    """Return the specifier for a result of `image_python`."""
    return SpecifierSet(f"=={python}.*" if python[:1].isdigit() else python)


def from_base(locked: LockedStage) -> str:
    """Return the `FROM` instruction of the build stage `base`, from which all others start."""
    instruction = f"FROM {base_image(locked)} AS base"
    if locked.stage.image.dockerfile is None:
        return instruction
    reason = f"# Set by {locked.stage.image_key('dockerfile')}."
    return f"{reason}\n# hadolint ignore=DL3006\n{instruction}"


def become_root(locked: LockedStage) -> Iterator[str]:
    """Yield a `USER` instruction for root, unless the base image is known to run as root."""
    if locked.stage.image.dockerfile or not _ROOTED.match(without_digest(base_image(locked))):
        reason = "# The following instructions need root, whichever user the base image sets."
        yield f"{reason}\n# hadolint ignore=DL3002\nUSER 0"


def is_alpine(locked: LockedStage) -> bool:
    """Return whether the base is Alpine Linux, by its name or, for an own Dockerfile, the libc."""
    image = locked.stage.image
    if image.dockerfile:
        return locked.stage.targets.libc.family == "musl"
    return is_alpine_image(image.base or _default(locked))


def _default(locked: LockedStage) -> str:
    oldest, *_ = allowed_minors(locked, "image.base")
    return "python:{}.{}-{}".format(*oldest, _default_system(locked))


def _default_system(locked: LockedStage) -> str:
    if locked.stage.targets.libc.family == "musl":
        return "alpine"
    libc, _ = needed_libc(locked)
    return "slim-bookworm" if _version(libc) <= GLIBC["bookworm"] else "slim-trixie"


def _check_python(base: str, locked: LockedStage) -> None:
    release = base_python(base)
    if release is None:
        return
    specifiers = SpecifierSet(locked.requires_python)
    minor_fits = (release.major, release.minor) in python_minors(specifiers)
    fits = minor_fits if len(release.release) == len("xy") else release in specifiers
    if not fits:
        message = (
            f'{base} has Python {release}, but the stage "{locked.stage.name}" is locked for'
            f" Python {specifiers}. Set {_key(locked.stage, 'image.base')} or"
            f" {_key(locked.stage, 'python')} so that they agree."
        )
        raise FtiError(message)


def _check_libc(base: str, locked: LockedStage) -> None:
    stage = locked.stage
    if not stage.targets.platforms:  # locked for every platform, and so for every libc
        return
    libc, package = needed_libc(locked)
    found = _libc(base, libc)
    if found is None or (found.family == libc.family and _version(found) >= _version(libc)):
        return
    because = f" ({package})" if package else ""
    message = (
        f'{base} has {found}, but the stage "{stage.name}" is locked for {libc}{because}. Set'
        f' {_key(stage, "libc")} = "{found}" and lock again, or choose another base.'
    )
    raise FtiError(message)


def _libc(base: str, wanted: Libc) -> Libc | None:
    """Return the libc of an image, by its name; None if the name does not indicate it.

    A Debian or Ubuntu without a release is assumed to have the glibc that is wanted.
    """
    found = base_libc(base)
    if found is not None or not is_debian_like(base):
        return found
    return wanted if wanted.family == "glibc" else Libc("glibc", GLIBC["bookworm"])


def _version(libc: Libc) -> tuple[int, int]:
    return libc.version or (0, 0)


def _key(stage: Stage, key: str) -> str:
    return f"tool.fti.stages.{stage.name}.{key}"
