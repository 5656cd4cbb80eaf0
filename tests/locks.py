"""Locks of the recorded index, and of packages such as nobody has recorded."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

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
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy
    from poetry.core.version.markers import BaseMarker


Packages = dict[Package, TransitivePackageInfo]

ROOT: Final = ProjectPackage("project", "1.0")
NOWHERE: Final = Path("nowhere", "poetry.lock")
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
    """Return the text of a lock of the recorded packages, which takes seconds to make of all."""
    return lock_of(recorded_packages())


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
TEXTS: Final = st.text(max_size=8) | st.sampled_from(
    ['a "quoted" word', "back\\slash\\", "two\r\nlines\t", "\x00\x1b\x7f\x85", "é☃\u2028", '"""']
)
NAMES: Final = st.from_regex(r"[A-Za-z0-9]{1,3}([._-][A-Za-z0-9])?", fullmatch=True) | (
    st.sampled_from(["zope.interface", "é x", 'q"uo\\te', "tab\there", "[[package]]"])
)
VERSIONS: Final = st.sampled_from(["1", "1.0.post1", "2!1.0rc1", "1.0+local.1", "10.2"])
CONSTRAINTS: Final = st.sampled_from(["*", ">=1,<2", "1.0", ">=1,!=1.5 || >=3", "^1.2"])
PATHS: Final = st.sampled_from(["../there", "near", "an é/pa th"]).map(Path)
MAYBE: Final = st.none() | st.sampled_from(["main", "a/b", 'o"dd'])
EXTRAS: Final = st.sets(st.sampled_from(["fast", "Slow_er"]))


@st.composite
def dependencies(draw: st.DrawFn) -> Dependency:
    """Draw what a package requires, of any kind."""
    dependency = draw(
        st.one_of(
            st.builds(Dependency, NAMES, CONSTRAINTS, extras=EXTRAS, optional=st.booleans()),
            st.builds(URLDependency, NAMES, st.just("https://x.org/a.whl"), extras=EXTRAS),
            st.builds(DirectoryDependency, NAMES, PATHS, develop=st.booleans(), extras=EXTRAS),
            st.builds(FileDependency, NAMES, PATHS, extras=EXTRAS),
            st.builds(
                VCSDependency,
                NAMES,
                st.just("git"),
                st.just("https://x.org/y.git"),
                branch=MAYBE,
                tag=MAYBE,
                rev=MAYBE,
                directory=MAYBE,
                extras=EXTRAS,
            ),
        )
    )
    dependency.marker = draw(st.sampled_from(MARKERS))
    return dependency


FILES: Final[SearchStrategy[Any]] = st.lists(
    st.fixed_dictionaries({"hash": TEXTS, "file": TEXTS}, optional={"url": TEXTS}), max_size=3
)
ORIGINS: Final[SearchStrategy[dict[str, Any]]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {
            "source_type": st.sampled_from(["git", "legacy", "url"]),
            "source_url": st.sampled_from(["https://x.org/y", "ssh://git@x.org:22/y.git"]),
            "source_reference": MAYBE,
            "source_resolved_reference": MAYBE,
            "source_subdirectory": MAYBE,
        }
    ),
    st.fixed_dictionaries(
        {
            "source_type": st.sampled_from(["directory", "file"]),
            "source_url": PATHS.map(str),
            "source_subdirectory": MAYBE,
        }
    ),
)


@st.composite
def packages(draw: st.DrawFn) -> Package:
    """Draw a package from anywhere."""
    package = Package(draw(NAMES), draw(VERSIONS), **draw(ORIGINS))
    package.description = draw(TEXTS)
    package.optional = draw(st.booleans())
    package.develop = draw(st.booleans())
    package.python_versions = draw(st.sampled_from(["*", ">=3.10", ">=3.9,!=3.10.*"]))
    package.files = draw(FILES)
    for dependency in draw(st.lists(dependencies(), max_size=4)):
        package.add_dependency(dependency)
    package.extras = draw(
        st.dictionaries(
            NAMES.map(canonicalize_name), st.lists(dependencies(), max_size=2), max_size=2
        )
    )
    return package


def _infos() -> SearchStrategy[TransitivePackageInfo]:
    markers: SearchStrategy[Mapping[Any, BaseMarker]] = st.dictionaries(
        st.sampled_from(GROUPS), st.sampled_from(MARKERS)
    )
    return markers.map(lambda by_group: TransitivePackageInfo(0, set(by_group), dict(by_group)))


LOCKED: Final[SearchStrategy[Packages]] = st.dictionaries(packages(), _infos(), max_size=4)
