"""The keys of a stage's targets: platforms, the C library and the version of macOS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.model.platforms import PLATFORMS, Libc, Targets

if TYPE_CHECKING:
    from poetry_fti.config.table import Table

_PLATFORMS: Final = {str(platform): platform for platform in PLATFORMS}
_OTHER_NAMES: Final = {
    "linux/x86_64": "linux/amd64",
    "linux/aarch64": "linux/arm64",
    "darwin/arm64": "macos/arm64",
    "darwin/amd64": "macos/amd64",
    "darwin/x86_64": "macos/amd64",
    "macos/x86_64": "macos/amd64",
    "win/amd64": "windows/amd64",
    "windows/x86_64": "windows/amd64",
}
_LIBC: Final = r"(?a)(glibc(?=-2)|musl(?=-1))-(\d)\.(\d{1,2})"
_MACOS: Final = r"(?a)([1-9]\d)\.(\d{1,2})"


def read_targets(table: Table) -> Targets:
    """Return the targets of a stage; without `platforms` it runs on every platform."""
    names = table.choices("platforms", _PLATFORMS, _OTHER_NAMES)
    table.not_empty("platforms", "a stage that runs on every platform")
    return Targets(
        platforms=tuple(platform for name, platform in _PLATFORMS.items() if name in (names or ())),
        libc=_libc(table),
        macos=_macos(table),
    )


def _libc(table: Table) -> Libc:
    match = table.match("libc", _LIBC, 'is not a C library such as "glibc-2.36" or "musl-1.2"')
    if match is None:
        return Libc()
    family, major, minor = match.groups()
    return Libc("musl" if family == "musl" else "glibc", (int(major), int(minor)))


def _macos(table: Table) -> tuple[int, int] | None:
    match = table.match("macos", _MACOS, 'is not a version such as "14.0"')
    return (int(match[1]), int(match[2])) if match else None
