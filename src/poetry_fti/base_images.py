"""Base images: their Python, C library and CUDA, as far as their references name them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from packaging.version import Version

from poetry_fti.model.platforms import Libc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.model.images.image import Image
    from poetry_fti.targets import Minor

MUSL: Final = Libc("musl", (1, 2))
# The versions of glibc in the releases of distributions.
GLIBC: Final = {
    "buster": (2, 28),
    "bullseye": (2, 31),
    "bookworm": (2, 36),
    "trixie": (2, 41),
    "focal": (2, 31),
    "jammy": (2, 35),
    "noble": (2, 39),
}
_NUMBERED: Final[Mapping[str, Mapping[str, tuple[int, int]]]] = {
    "debian": {"10": (2, 28), "11": (2, 31), "12": (2, 36), "13": (2, 41)},
    "ubuntu": {"18.04": (2, 27), "20.04": (2, 31), "22.04": (2, 35), "24.04": (2, 39)},
    "ubi": {"8": (2, 28), "9": (2, 34), "10": (2, 39)},
}
_RELEASE: Final = re.compile(r"(?<![a-z0-9])(debian|ubuntu|ubi)[:-]?(\d+(?:\.\d\d)?)(?!\d)")
_GLIBC_WORDS: Final = ("slim", "debian", "ubuntu", *GLIBC)
_BARE: Final = re.compile(r"(?:^|/)(debian|ubuntu)(?:$|:)")
_PYTHON: Final = re.compile(r"(?:^|/)python:(\d+\.\d+(?:\.\d+)?)(?![\d.])")
_COMPILER: Final = re.compile(
    r"(?<![\w.-])(gcc|g\+\+|clang|cc|c\+\+|gfortran|build-essential|build-base|rustc|rust|cargo)"
    r"(?![\w.])"
)
_CUDA: Final = re.compile(r"(?:^|[^a-z])cuda(?:[:-]?(\d+)\.(\d+))?(?:[^a-z]|$)")


def without_digest(reference: str) -> str:
    """Return the reference of an image without its digest."""
    return reference.partition("@")[0]


def image_tag(reference: str) -> str:
    """Return the tag of an image's reference; empty if it has none."""
    return without_digest(reference).rpartition("/")[2].partition(":")[2]


def base_python(reference: str) -> Version | None:
    """Return the version of Python that the tag of an official Python image names, else None."""
    match = _PYTHON.search(without_digest(reference))
    return Version(match[1]) if match else None


def is_alpine(reference: str) -> bool:
    """Return whether the name or tag of an image says that it is Alpine Linux."""
    return any(word.startswith("alpine") for word in _words(reference))


def base_libc(reference: str) -> Libc | None:
    """Return the C library of an image; None if its reference does not name the release."""
    if is_alpine(reference):
        return MUSL
    for word in _words(reference):
        if word in GLIBC:
            return Libc("glibc", GLIBC[word])
    found = _RELEASE.search(without_digest(reference).lower())
    if found is None:
        return None
    versions, release = _NUMBERED[found[1]], found[2]
    version = versions.get(release, versions.get(release.partition(".")[0]))
    return Libc("glibc", version) if version else None


def is_debian_like(reference: str) -> bool:
    """Return whether the name or tag of an image says that it is a Debian or an Ubuntu."""
    return any(word.startswith(_GLIBC_WORDS) for word in _words(reference))


def lacks_compiler(image: Image) -> bool:
    """Return whether the settings of a stage's image show that it contains no compiler.

    A Dockerfile or a template of the project may install one.
    """
    if image.dockerfile or image.template:
        return False
    installed = (*image.apt, *image.build_apt, *image.run_before)
    # The default base images are slim or Alpine.
    is_small = image.base is None or _is_without_compiler(image.base)
    return is_small and not any(map(_COMPILER.search, installed))


def _is_without_compiler(reference: str) -> bool:
    is_small = not {"slim", "distroless"}.isdisjoint(_words(reference))
    return is_small or is_alpine(reference) or _BARE.search(without_digest(reference)) is not None


def has_cuda(reference: str) -> bool:
    """Return whether the name or tag of an image says that it contains CUDA."""
    return _CUDA.search(without_digest(reference)) is not None


def cuda_version(reference: str) -> Minor | None:
    """Return the version of CUDA in an image; None if its reference does not name it."""
    found = [match for match in _CUDA.finditer(without_digest(reference)) if match[1]]
    return (int(found[0][1]), int(found[0][2])) if found else None


def _words(reference: str) -> list[str]:
    return re.split(r"[^a-z0-9]+", without_digest(reference).lower())
