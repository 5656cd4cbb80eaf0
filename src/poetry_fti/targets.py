"""Target platforms and Python versions as environment markers and wheel tags."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms, parse_tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.specifiers import SpecifierSet

    from poetry_fti.model import Libc, Platform, Targets

Minor: TypeAlias = tuple[int, int]

MINORS: Final = tuple((3, minor) for minor in range(8, 20))
_PATCHES: Final = 100
_OS: Final = {
    "linux": {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"},
    "macos": {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin"},
    "windows": {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"},
}
_MACHINES: Final = {
    ("linux", "amd64"): "x86_64",
    ("linux", "arm64"): "aarch64",
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
_OLDEST_GLIBC: Final = {"amd64": (2, 5), "arm64": (2, 17)}
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


def environment_marker(platform: Platform) -> str:
    """Return the marker that is true for CPython on a platform only."""
    environment = marker_environment(platform)
    names = ("sys_platform", "platform_machine", "implementation_name")
    return " and ".join(f'{name} == "{environment[name]}"' for name in names)


@cache
def python_minors(requires_python: SpecifierSet) -> tuple[Minor, ...]:
    """Return the minor versions of CPython with a patch release that a specifier allows."""
    return tuple(
        (major, minor)
        for major, minor in MINORS
        if any(requires_python.contains(f"{major}.{minor}.{patch}") for patch in range(_PATCHES))
    )


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
    if not filename.endswith(".whl"):
        return True
    abis, platforms = _abis(requires_python), _platforms(targets)
    return any(
        _abi_tag(tag) in abis and (not platforms or tag.platform in platforms)
        for tag in _tags(filename)
    )


def _tags(filename: str) -> frozenset[Tag]:
    *_, interpreters, abis, platforms = ("", "", *filename.removesuffix(".whl").split("-"))
    return _parsed(f"{interpreters}-{abis}-{platforms}")


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
def _abis(requires_python: SpecifierSet) -> frozenset[Tag]:
    return frozenset(tag for minor in python_minors(requires_python) for tag in _usable(minor))


def _usable(minor: Minor) -> Iterator[Tag]:
    # The default for `abis` depends on the build of the running interpreter.
    interpreter = f"cp{minor[0]}{minor[1]}"
    yield from cpython_tags(minor, abis=[interpreter], platforms=[_SOME])
    yield from compatible_tags(minor, interpreter=interpreter, platforms=[_SOME])


@cache
def _platforms(targets: Targets) -> frozenset[str]:
    """Return the platform tags that a target supports; an empty set if every platform is one."""
    return frozenset(
        tag for platform in targets.platforms for tag in (_ANY, *_platform_tags(platform, targets))
    )


def _platform_tags(platform: Platform, targets: Targets) -> Iterator[str]:
    machine = _MACHINES[platform.os, platform.arch]
    if platform.os == "macos":
        yield from mac_platforms(targets.macos, machine)
    elif platform.os == "windows":
        yield f"win_{platform.arch}"
    else:
        yield f"linux_{machine}"
        for family in _linux_families(targets.libc, _OLDEST_GLIBC[platform.arch]):
            yield f"{family}_{machine}"


def _linux_families(libc: Libc, oldest_glibc: tuple[int, int]) -> Iterator[str]:
    major, newest = libc.version
    for minor in range(newest + 1):
        if libc.family == "musl":
            yield f"musllinux_{major}_{minor}"
        elif (major, minor) >= oldest_glibc:
            yield f"manylinux_{major}_{minor}"
            if (major, minor) in _LEGACY_MANYLINUX:
                yield _LEGACY_MANYLINUX[major, minor]
