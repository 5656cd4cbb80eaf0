"""Locks of the recorded index, and of packages such as nobody has recorded."""

from __future__ import annotations

import string
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from poetry.core.packages.dependency import Dependency
from poetry.core.packages.directory_dependency import DirectoryDependency
from poetry.core.packages.file_dependency import FileDependency
from poetry.core.packages.package import Package
from poetry.core.packages.project_package import ProjectPackage
from poetry.core.packages.url_dependency import URLDependency
from poetry.core.packages.vcs_dependency import VCSDependency
from poetry.core.version.markers import parse_marker
from poetry.inspection.info import PackageInfo
from poetry.packages.transitive_package_info import TransitivePackageInfo

from poetry_fti.bridge.lock.locker import StageLocker
from poetry_fti.bridge.lock.text.lock_text import lock_text
from recorded import recorded, recorded_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

T = TypeVar("T")

Packages = dict[Package, TransitivePackageInfo]

ROOT: Final = ProjectPackage("project", "1.0")
NOWHERE: Final = Path("nowhere", "poetry.lock")
_MANY: Final = 60
MARKERS: Final = tuple(
    map(
        parse_marker,
        ("", 'python_version < "3.12"', 'sys_platform == "linux" or os_name == "nt"'),
    )
)
GROUPS: Final = tuple(map(canonicalize_name, ("main", "dev", "training")))


def lock_of(
    packages: Packages, targets: Mapping[str, Any] | None = None, root: ProjectPackage = ROOT
) -> str:
    """Return the text of a lock that lies nowhere."""
    return lock_text(StageLocker(NOWHERE, {}, targets or {}), root, packages)


def recorded_packages() -> Packages:
    """Return some recorded projects, each in its newest release; or all."""
    return some(*recorded_names())


@cache
def recorded_lock() -> str:
    """Return the text of a lock of some recorded packages: to make one of all takes seconds."""
    return lock_of(some(*recorded_names()[:_MANY]))


@cache
def _recorded(name: str, age: int) -> Package:
    releases = recorded(name)
    release = releases[min(age, len(releases) - 1)]
    return PackageInfo(
        name=release.name,
        version=release.version,
        summary=release.header("Summary"),
        requires_dist=release.headers("Requires-Dist"),
        requires_python=release.header("Requires-Python"),
        files=[
            {"file": file.filename, "hash": f"sha256:{file.sha256}", "url": "", "size": file.size}
            for file in release.files
        ],
    ).to_package()


def _info(at: int) -> TransitivePackageInfo:
    groups = GROUPS[: 1 + at % len(GROUPS)]
    markers = {group: MARKERS[(at + i) % len(MARKERS)] for i, group in enumerate(groups)}
    return TransitivePackageInfo(0, set(groups), markers)


def some(*names: str, age: int = 0) -> Packages:
    """Return recorded projects in their newest releases, or older ones where there are any."""
    return {_recorded(name, age): _info(at) for at, name in enumerate(sorted(names))}


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    """Draw a text that something has happened to: a line of it, its end, or what was put in."""
    lines = text.splitlines(keepends=True)
    line = draw(st.integers(0, len(lines) - 1))
    at = draw(st.integers(0, len(text)))
    return draw(
        st.sampled_from(
            [
                "".join(lines[:line] + lines[line + 1 :]),
                "".join(lines[: line + 1] + lines[line:]),
                "".join([*lines[:line], draw(st.sampled_from(ODD_LINES)), *lines[line:]]),
                text[:at] + draw(st.text(max_size=3)) + text[at:],
                text[:at] + draw(st.sampled_from('"\\\n#[]{}=, \t\r\x00')) + text[at + 1 :],
                text[:at] + text[at + draw(st.integers(1, 200)) :],
                text[:at],
            ]
        )
    )


ODD_LINES: Final = (
    "\n", "x\n", "# x\n", "x = 1\n", "[x]\n", "[[x]]\n", "[[package]]\n", "[package.source]\n",
    "    ],\n", "]\n", "<<<<<<< HEAD\n", "=======\n", "[metadata]\n", "[extras]\n",
)  # fmt: skip
_ODD_TEXTS: Final = (
    'a "quoted" word', "back\\slash\\", "two\r\nlines\t", "\x00\x1b\x7f\x85", "é☃\u2028", '"""',
)  # fmt: skip
_ODD_NAMES: Final = ("zope.interface", "é x", 'q"uo\\te', "tab\there", "[[package]]")
_VERSIONS: Final = ("1", "1.0.post1", "2!1.0rc1", "1.0+local.1", "10.2")
_CONSTRAINTS: Final = ("*", ">=1,<2", "1.0", ">=1,!=1.5 || >=3", "^1.2")
_PATHS: Final = ("../there", "near", "an é/pa th")
_MAYBE: Final = (None, "main", "a/b", 'o"dd')
_SIMPLE: Final = string.ascii_letters + string.digits


def text(chance: Random) -> str:
    """Return any text of up to eight characters, or an odd one."""
    if chance.random() < 0.3:
        return chance.choice(_ODD_TEXTS)
    # No surrogates, which no file contains.
    ranges = (range(128), range(128, 0xD800), range(0xE000, 0x110000))
    return "".join(chr(chance.choice(chance.choice(ranges))) for _ in range(chance.randint(0, 8)))


def name(chance: Random) -> str:
    """Return a short name, or an odd one."""
    if chance.random() < 0.4:
        return chance.choice(_ODD_NAMES)
    end = chance.choice(["", "", *(f"{each}{chance.choice(_SIMPLE)}" for each in "._-")])
    return "".join(chance.choices(_SIMPLE, k=chance.randint(1, 3))) + end


def _times(chance: Random, most: int, make: Callable[[Random], T]) -> list[T]:
    return [make(chance) for _ in range(chance.randint(0, most))]


def _dependency(chance: Random) -> Dependency:
    """Return what a package requires, of any kind."""
    called, path = name(chance), Path(chance.choice(_PATHS))
    extras = chance.sample(("fast", "Slow_er"), chance.randint(0, 2))
    flag = chance.choice((True, False))
    kinds: list[Callable[[], Dependency]] = [
        lambda: Dependency(called, chance.choice(_CONSTRAINTS), extras=extras, optional=flag),
        lambda: URLDependency(called, "https://x.org/a.whl", extras=extras),
        lambda: DirectoryDependency(called, path, develop=flag, extras=extras),
        lambda: FileDependency(called, path, extras=extras),
        lambda: VCSDependency(
            called,
            "git",
            "https://x.org/y.git",
            branch=chance.choice(_MAYBE),
            tag=chance.choice(_MAYBE),
            rev=chance.choice(_MAYBE),
            directory=chance.choice(_MAYBE),
            extras=extras,
        ),
    ]
    dependency = chance.choice(kinds)()
    dependency.marker = chance.choice(MARKERS)
    return dependency


def _file(chance: Random) -> Any:  # noqa: ANN401 - as Poetry's types have it
    keys = ("hash", "file", *chance.choice([(), ("url",)]))
    return {key: text(chance) for key in keys}


def _origin(chance: Random) -> dict[str, Any]:
    kind = chance.choice(("", "git", "legacy", "url", "directory", "file"))
    if not kind:
        return {}
    more = {"source_type": kind, "source_subdirectory": chance.choice(_MAYBE)}
    if kind in {"directory", "file"}:
        return {**more, "source_url": str(Path(chance.choice(_PATHS)))}
    return {
        **more,
        "source_url": chance.choice(("https://x.org/y", "ssh://git@x.org:22/y.git")),
        "source_reference": chance.choice(_MAYBE),
        "source_resolved_reference": chance.choice(_MAYBE),
    }


def _package(chance: Random) -> Package:
    """Return a package from anywhere."""
    package = Package(name(chance), chance.choice(_VERSIONS), **_origin(chance))
    package.description = text(chance)
    package.optional = chance.choice((True, False))
    package.develop = chance.choice((True, False))
    package.python_versions = chance.choice(("*", ">=3.10", ">=3.9,!=3.10.*"))
    package.files = _times(chance, 3, _file)
    for dependency in _times(chance, 4, _dependency):
        package.add_dependency(dependency)
    package.extras = {
        canonicalize_name(extra): _times(chance, 2, _dependency)
        for extra in _times(chance, 2, name)
    }
    return package


def _packages(chance: Random) -> Packages:
    found = {}
    for package in _times(chance, 4, _package):
        groups = chance.sample(GROUPS, chance.randint(0, len(GROUPS)))
        markers = {group: chance.choice(MARKERS) for group in groups}
        found[package] = TransitivePackageInfo(0, set(groups), markers)
    return found


TEXTS: Final = st.text(max_size=8) | st.sampled_from(_ODD_TEXTS)
# One draw for each lock: drawing each of its values by Hypothesis would take ten times as long.
LOCKED: Final = st.randoms(use_true_random=True).map(_packages)
