"""What differs between a lock and what is installed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from packaging.markers import Marker
from packaging.utils import canonicalize_name
from packaging.version import Version

from checked import locked
from poetry_fti.model.installed import Damage, Installed, InstalledFrom, InstalledPackage
from poetry_fti.model.origins import DirectoryOrigin, GitOrigin
from poetry_fti.operations.verify.comparison import Expected, Where, compare

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedPackage

WHERE: Final = Where(
    stage="training", place="environment", name="here", update="Install it", renew="Create it"
)
LINUX: Final = {"sys_platform": "linux", "python_full_version": "3.12.0"}
LATER: Final = {**LINUX, "python_full_version": "3.12.9"}


def package(name: str, version: str, source: InstalledFrom | None = None) -> InstalledPackage:
    return InstalledPackage(
        name=canonicalize_name(name),
        version=Version(version),
        metadata=f"{name}-{version}.dist-info",
        source=source,
    )


def differences(
    packages: list[LockedPackage],
    *installed: InstalledPackage,
    base: tuple[InstalledPackage, ...] = (),
    damage: tuple[Damage, ...] = (),
    expected: Expected | None = None,
) -> list[str]:
    """Return the findings, each as a line, for packages on Linux with an unknown patch release."""
    there = Installed(packages=installed, markers=(LINUX, LATER), base=base, damage=damage)
    chosen = expected or Expected(
        packages=tuple(packages), others={each.name: (each.version,) for each in packages}
    )
    return [f"{each.level}: {each.message}. {each.fix}." for each in compare(chosen, there, WHERE)]


def with_marker(name: str, version: str, marker: str) -> LockedPackage:
    return replace(locked(name, version), marker=Marker(marker))


def test_what_is_locked_is_installed() -> None:
    packages = [locked("alpha", "1.0"), with_marker("win", "1", "sys_platform == 'win32'")]
    tools = [package(name, "9") for name in ("pip", "setuptools", "wheel")]
    assert differences(packages, package("alpha", "1.0.0"), *tools) == []
    assert differences(packages, base=(package("alpha", "1.0"), package("other", "1"))) == []


def test_missing_other_and_extra_packages_are_found() -> None:
    packages = [locked("alpha", "1.0"), locked("beta", "2.0+cpu"), locked("gamma", "3")]
    there = (package("beta", "2.0"), package("gamma", "3"), package("zeta", "1"))
    assert differences(packages, *there) == [
        "error: alpha 1.0 is locked, but not installed in here. Install it.",
        "error: beta 2.0 is installed in here, not 2.0+cpu. Install it.",
        "warning: zeta 1 is installed in here, but not locked. Install it.",
    ]


def test_packages_for_development_may_be_installed_as_they_are_locked() -> None:
    expected = Expected(
        packages=(), others={canonicalize_name("pytest"): (Version("9"), Version("8"))}
    )
    assert differences([], expected=expected) == []
    assert differences([], package("pytest", "8"), expected=expected) == []
    assert differences([], package("pytest", "7"), expected=expected) == [
        "error: pytest 7 is installed in here, not 9 or 8. Install it."
    ]


def test_of_several_versions_the_one_for_the_environment_is_expected() -> None:
    packages = [
        with_marker("alpha", "1", "sys_platform == 'win32'"),
        with_marker("alpha", "2", "sys_platform != 'win32'"),
    ]
    assert differences(packages, package("alpha", "2")) == []
    assert differences(packages, package("alpha", "1")) == [
        "error: alpha 1 is installed in here, not 2. Install it."
    ]


def test_what_depends_on_an_unknown_patch_release_is_not_expected() -> None:
    early = with_marker("alpha", "1", "python_full_version < '3.12.4'")
    late = with_marker("alpha", "2", "python_full_version >= '3.12.4'")
    assert differences([early]) == []
    assert differences([early, late], package("alpha", "2")) == []
    assert differences([early, late]) == [
        "error: alpha 1 or 2 is locked, but not installed in here. Install it."
    ]


def test_the_project_and_path_dependencies_have_any_version() -> None:
    local = replace(locked("local", "1"), origin=DirectoryOrigin(PurePosixPath("libs/local")))
    expected = Expected(
        packages=(local,),
        others={local.name: (local.version,)},
        own=frozenset({local.name, canonicalize_name("demo")}),
    )
    there = (package("local", "7"), package("demo", "1"))
    assert differences([], *there, expected=expected) == []
    assert differences([], expected=replace(expected, has_folders=False)) == []
    assert differences([], expected=expected) == [
        "error: local 1 is locked, but not installed in here. Install it."
    ]


def test_packages_from_elsewhere_are_found() -> None:
    commit, other = "a" * 40, "b" * 40
    git = replace(locked("alpha", "1"), origin=GitOrigin("https://x", commit))
    assert differences([git], package("alpha", "1", InstalledFrom(commit=commit))) == []
    assert differences([git], package("alpha", "1")) == []
    assert differences([git], package("alpha", "1", InstalledFrom(commit=other))) == [
        f"error: alpha 1 in here was built from commit {other[:12]}, not {commit[:12]}. Create it."
    ]
    index = replace(locked("alpha", "1"), digests=frozenset({"sha256:aa"}))
    same = InstalledFrom(digests=frozenset({"sha256:aa"}))
    assert differences([index], package("alpha", "1", same)) == []
    assert [
        differences([index], package("alpha", "1", source))
        for source in (
            InstalledFrom(digests=frozenset({"sha256:bb"})),
            InstalledFrom(commit=other),
            InstalledFrom(is_folder=True),
        )
    ] == [
        [f"error: alpha 1 in here was installed from {what}. Create it."]
        for what in (
            "a file that is not in the lock",
            "a git repository, not from the package index",
            "a folder, not from the package index",
        )
    ]


def test_damaged_packages_are_found() -> None:
    damage = (Damage(package="alpha 1", problem="lacks\nfiles"),)
    twice = (package("alpha", "1"), package("alpha", "2"))
    assert differences([locked("alpha", "1")], *twice, damage=damage) == [
        "error: alpha is installed more than once in here: 1 and 2. Create it.",
        "error: alpha 1 in here lacks\\nfiles. Create it.",
    ]


def test_a_package_with_metadata_of_two_kinds_is_installed_once() -> None:
    twice = (package("alpha", "1"), package("alpha", "1"))
    assert differences([locked("alpha", "1")], *twice) == []
