"""Target platforms: operating systems, processor architectures and C libraries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

OperatingSystem: TypeAlias = Literal["linux", "macos", "windows"]
Architecture: TypeAlias = Literal["amd64", "arm64"]


@dataclass(frozen=True, slots=True)
class Platform:
    """An operating system and a processor architecture; its text is Docker's, `linux/amd64`."""

    os: OperatingSystem
    arch: Architecture

    def __str__(self) -> str:
        return f"{self.os}/{self.arch}"


# All platforms that a stage can be locked for.
PLATFORMS: Final = tuple(
    Platform(os, arch) for os in get_args(OperatingSystem) for arch in get_args(Architecture)
)
# The platforms that images are built for unless the stage declares its own.
USUAL_PLATFORMS: Final = (Platform("linux", "amd64"), Platform("linux", "arm64"))


@dataclass(frozen=True, slots=True)
class Libc:
    """The C library of a stage's Linux platforms: its family and its version."""

    family: Literal["glibc", "musl"] = "glibc"
    version: tuple[int, int] = (2, 36)

    def __str__(self) -> str:
        return f"{self.family}-{self.version[0]}.{self.version[1]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """The platforms that a stage is locked for; an empty tuple means every platform.

    `libc` applies to Linux; `macos` is the oldest version of macOS that is supported.
    """

    platforms: tuple[Platform, ...] = ()
    libc: Libc = Libc()
    macos: tuple[int, int] = (11, 0)
