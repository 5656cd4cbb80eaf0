"""Target platforms and Python versions as environment markers and wheel tags."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final, TypeAlias

from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms, parse_tag
from packaging.version import Version as Release

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from packaging.specifiers import SpecifierSet

    from poetry_fti.model.platforms import Libc, Platform, Targets

Minor: TypeAlias = tuple[int, int]
Version: TypeAlias = tuple[int, int]

MINORS: Final = tuple((3, minor) for minor in range(8, 20))
# Packages have wheels for released versions of Python only.
_RELEASED: Final = (3, 15)
_PATCHES: Final = 100
_OS: Final = {
    "linux": {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"},
    "macos": {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin"},
    "windows": {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"},
}
_MACHINES: Final = {
    ("linux", "amd64"): "x86_64",
    ("linux", "arm64"): "aarch64",
    ("linux", "ppc64le"): "ppc64le",
    ("linux", "s390x"): "s390x",
    ("linux", "riscv64"): "riscv64",
    ("macos", "amd64"): "x86_64",
    ("macos", "arm64"): "arm64",
    ("windows", "amd64"): "AMD64",
    ("windows", "arm64"): "ARM64",
}
_LEGACY_MANYLINUX: Final = {
    (2, 5): "manylinux1",
    (2, 12): "manylinux2010",
    (2, 17): "manylinux2014",
}
_LEGACY_VERSIONS: Final = {name: version for version, name in _LEGACY_MANYLINUX.items()}
_VERSIONED: Final = re.compile(
    r"(manylinux1|manylinux2010|manylinux2014|(?:manylinux|musllinux|macosx)_(\d+)_(\d+))_(\w+)"
)
_OLDEST_GLIBC: Final = (2, 17)
_OLDEST_GLIBC_AMD64: Final = (2, 5)
_MAJOR: Final = {"glibc": 2, "musl": 1}
# Newer than any version that a wheel is made for.
_NEWEST_MINOR: Final = 99
_NEWEST_MACOS: Final = (99, 0)
_ANY: Final = "any"
_SOME: Final = "some_platform"


def marker_environment(platform: Platform) -> dict[str, str]:
    """Return the marker variables that depend on the platform only, with CPython's values."""
    return {
        **_OS[platform.os],
        "platform_machine": _MACHINES[platform.os, platform.arch],
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


@dataclass(frozen=True, slots=True)
class Target:
    """A platform, or None for any, and a minor version of CPython."""

    platform: Platform | None
    python: Minor

    def environments(self) -> list[dict[str, str]]:
        """Return the marker variables on the target, with an early and a late patch release."""
        return [self._environment(patch) for patch in (0, _PATCHES - 1)]

    def _environment(self, patch: int) -> dict[str, str]:
        version = version_text(self.python)
        full = f"{version}.{patch}"
        python = {
            "python_version": version,
            "python_full_version": full,
            "implementation_version": full,
        }
        return {**python, **(marker_environment(self.platform) if self.platform else {})}


def version_text(minor: Minor) -> str:
    """Return a minor version of Python as it is written, such as `3.12`."""
    return ".".join(map(str, minor))


def environment_marker(platform: Platform) -> str:
    """Return the marker that is true for CPython on a platform only."""
    environment = marker_environment(platform)
    names = ("sys_platform", "platform_machine", "implementation_name")
    return " and ".join(f'{name} == "{environment[name]}"' for name in names)


@cache
def python_minors(requires_python: SpecifierSet) -> tuple[Minor, ...]:
    """Return the minor versions of CPython with a patch release that a specifier allows."""
    return tuple(
        minor for minor in MINORS if any(map(requires_python.contains, _patch_releases(minor)))
    )


@cache
def _patch_releases(minor: Minor) -> tuple[Release, ...]:
    return tuple(Release(f"{version_text(minor)}.{patch}") for patch in range(_PATCHES))


class StageTargets:
    """The targets of a stage: its platforms, each with the versions of Python that it allows.

    Targets without platforms stand for any platform.
    """

    def __init__(self, targets: Targets, python: SpecifierSet) -> None:
        self.platforms: tuple[Platform | None, ...] = targets.platforms or (None,)
        self.pythons = python_minors(python)
        self._everywhere = frozenset(
            Target(platform, minor) for platform in self.platforms for minor in self.pythons
        )
        self._tags = {platform: _platform_tags(platform, targets) for platform in targets.platforms}
        self._found: dict[str, frozenset[Target]] = {}

    @cached_property
    def required(self) -> list[Target]:
        """The targets on which a stage has to be installable.

        A stage whose Python has no upper bound has to be so on the oldest one only: on the newest,
        there are no wheels of most packages for months.
        """
        is_open = self.pythons[-1:] == MINORS[-1:]
        pythons = self._released[:1] if is_open else self._released
        return [Target(platform, minor) for platform in self.platforms for minor in pythons]

    @cached_property
    def optional(self) -> list[Target]:
        """The other targets with a released version of Python."""
        required = set(self.required)
        targets = (Target(p, minor) for p in self.platforms for minor in self._released)
        return [target for target in targets if target not in required]

    @property
    def _released(self) -> tuple[Minor, ...]:
        return tuple(minor for minor in self.pythons if minor <= _RELEASED) or self.pythons

    def of(self, filename: str) -> frozenset[Target]:
        """Return the targets on which a distribution file can be installed.

        Source distributions can on all of them.
        """
        if not filename.endswith(".whl"):
            return self._everywhere
        *_, interpreters, abis, platforms = ("", "", *filename.removesuffix(".whl").split("-"))
        tag = f"{interpreters}-{abis}-{platforms}"
        if tag not in self._found:
            self._found[tag] = frozenset(self._of_tags(_parsed(tag)))
        return self._found[tag]

    def fits(self, filename: str) -> bool:
        """Return whether a file can be installed on a target; source distributions always can."""
        return not filename.endswith(".whl") or bool(self.of(filename))

    def lacking(self, filenames: Sequence[str], *, is_required: bool = True) -> list[Target]:
        """Return the required, or optional, targets on which none of the files can be installed."""
        targets = self.required if is_required else self.optional
        # Source distributions and wheels for any platform, which suit all targets, come last.
        for name in reversed(filenames):
            if not targets:
                break
            found = self.of(name)
            targets = [target for target in targets if target not in found]
        return targets

    def needed_system(self, filenames: Iterable[str], platform: Platform) -> Version | None:
        """Return the oldest version of macOS or of the C library that a package installs on.

        None if some file does not need a certain version, or if there is no file for the platform.
        """
        found: dict[Target, Version] = {}
        for name in filenames:
            targets = [target for target in self.of(name) if target.platform == platform]
            if not targets:
                continue
            version = _needed_by(name, platform)
            if version is None:
                return None
            found |= {target: min(found.get(target, version), version) for target in targets}
        return max((found[each] for each in self.required if each in found), default=None)

    def _of_tags(self, tags: frozenset[Tag]) -> Iterator[Target]:
        for tag in tags:
            platforms = [
                platform
                for platform in self.platforms
                if platform is None or tag.platform == _ANY or tag.platform in self._tags[platform]
            ]
            for minor in self.pythons if platforms else ():
                if _abi_tag(tag) in _abis(minor):
                    yield from (Target(platform, minor) for platform in platforms)


@cache
def _needed_by(filename: str, platform: Platform) -> Version | None:
    """Return the oldest version of macOS or of the C library that a file installs on."""
    suffix = _MACHINES[platform.os, platform.arch]
    tags = filename.removesuffix(".whl").rpartition("-")[2].split(".")
    found = [
        _LEGACY_VERSIONS.get(match[1]) or (int(match[2]), int(match[3]))
        for tag in tags
        if (match := _VERSIONED.fullmatch(tag)) and match[4] in (suffix, "universal2")
    ]
    return min(found, default=None)


@cache
def stage_targets(targets: Targets, python: SpecifierSet) -> StageTargets:
    """Return the targets of a stage with a version specifier for its Python."""
    return StageTargets(targets, python)


@cache
def python_environments(requires_python: SpecifierSet) -> tuple[dict[str, str], ...]:
    """Return the marker variables of each release of CPython that a specifier allows."""
    releases = [
        (f"{major}.{minor}", f"{major}.{minor}.{patch}")
        for major, minor in python_minors(requires_python)
        for patch in range(_PATCHES)
        if requires_python.contains(f"{major}.{minor}.{patch}")
    ]
    return tuple(
        {"python_version": minor, "python_full_version": full, "implementation_version": full}
        for minor, full in releases
    )


def fits(filename: str, targets: Targets, requires_python: SpecifierSet) -> bool:
    """Return whether a distribution file can be installed on at least one target.

    Source distributions always can. `targets` without platforms means any platform.
    """
    return stage_targets(targets, requires_python).fits(filename)


@cache
def _parsed(tag: str) -> frozenset[Tag]:
    try:
        return parse_tag(tag)
    except ValueError:
        return frozenset()


def _abi_tag(tag: Tag) -> Tag:
    # A wheel for any platform has no ABI: cp312-none-any is valid, cp312-cp312-any is not.
    return Tag(tag.interpreter, tag.abi, _ANY if tag.platform == _ANY else _SOME)


@cache
def _abis(minor: Minor) -> frozenset[Tag]:
    # The default for `abis` depends on the build of the running interpreter.
    interpreter = f"cp{minor[0]}{minor[1]}"
    return frozenset(
        [
            *cpython_tags(minor, abis=[interpreter], platforms=[_SOME]),
            *compatible_tags(minor, interpreter=interpreter, platforms=[_SOME]),
        ]
    )


def _platform_tags(platform: Platform, targets: Targets) -> frozenset[str]:
    machine = _MACHINES[platform.os, platform.arch]
    if platform.os == "macos":
        return frozenset(mac_platforms(targets.macos or _NEWEST_MACOS, machine))
    if platform.os == "windows":
        return frozenset([f"win_{platform.arch}"])
    oldest = _OLDEST_GLIBC_AMD64 if platform.arch == "amd64" else _OLDEST_GLIBC
    families = _linux_families(targets.libc, oldest)
    return frozenset([f"linux_{machine}", *(f"{family}_{machine}" for family in families)])


def _linux_families(libc: Libc, oldest_glibc: tuple[int, int]) -> Iterator[str]:
    major, newest = libc.version or (_MAJOR[libc.family], _NEWEST_MINOR)
    for minor in range(newest + 1):
        if libc.family == "musl":
            yield f"musllinux_{major}_{minor}"
        elif (major, minor) >= oldest_glibc:
            yield f"manylinux_{major}_{minor}"
            if (major, minor) in _LEGACY_MANYLINUX:
                yield _LEGACY_MANYLINUX[major, minor]
