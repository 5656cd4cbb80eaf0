"""Target platforms: operating systems, processor architectures and C libraries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

OperatingSystem: TypeAlias = Literal["linux", "macos", "windows"]
Architecture: TypeAlias = Literal["amd64", "arm64", "ppc64le", "s390x", "riscv64"]
_USUAL: Final[tuple[Architecture, ...]] = ("amd64", "arm64")


@dataclass(frozen=True, slots=True)
class Platform:
    """An operating system and a processor architecture; its text is Docker's, `linux/amd64`."""

    os: OperatingSystem
    arch: Architecture

    def __str__(self) -> str:
        return f"{self.os}/{self.arch}"


# All platforms that a stage can be locked for.
PLATFORMS: Final = tuple(
    Platform(os, arch)
    for os in get_args(OperatingSystem)
    for arch in get_args(Architecture)
    if os == "linux" or arch in _USUAL
)
# The platforms that images are built for unless the stage declares its own.
USUAL_PLATFORMS: Final = tuple(Platform("linux", arch) for arch in _USUAL)


@dataclass(frozen=True, slots=True)
class Libc:
    """The C library of a stage's Linux platforms: its family, and its version or None for any."""

    family: Literal["glibc", "musl"] = "glibc"
    version: tuple[int, int] | None = None

    def __str__(self) -> str:
        return f"{self.family}-{self.version[0]}.{self.version[1]}" if self.version else self.family


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """The platforms that a stage is locked for; an empty tuple means every platform.

    `libc` applies to Linux; `macos` is the oldest version of macOS that has to be supported, or
    None for the one that packages need.
    """

    platforms: tuple[Platform, ...] = ()
    libc: Libc = Libc()
    macos: tuple[int, int] | None = None
