"""What a lock demands of the targets of a stage, or cannot give them, as sentences."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry_fti.targets import version_text
from poetry_fti.wording import abbreviated, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from packaging.version import Version as StandardVersion

    from poetry_fti.bridge.lock.installable_files import InstallableFiles
    from poetry_fti.bridge.solving.solution import SolvedPackages
    from poetry_fti.bridge.solving.variants.variant_targets import VariantTargets
    from poetry_fti.model.platforms import Platform
    from poetry_fti.targets import Minor, Version

# Any newer version is worth a sentence: the first macOS on arm64, and the glibc of the base image.
_MACOS: Final = (11, 0)
_GLIBC: Final = (2, 36)


@dataclass(frozen=True, slots=True)
class LockedVariant:
    """The packages of a variant in a lock, and the files that can be installed on its targets.

    `older` are the packages with a version, and the newer one that another variant has but that
    has no file here.
    """

    where: VariantTargets
    files: InstallableFiles
    packages: SolvedPackages
    older: Sequence[tuple[str, StandardVersion, StandardVersion]] = ()


def target_notes(stage: str, variants: Sequence[LockedVariant]) -> Iterator[str]:
    """Yield sentences on what a user would not see: see `docs/explanation/locking.md`."""
    for variant in variants:
        for name, version, newer in variant.older:
            yield f"{stage} on {variant.where} has {name} {version}: {newer} has no file there."
    yield from _system_notes(stage, variants)
    yield from _python_notes(stage, variants)


def _system_notes(stage: str, variants: Iterable[LockedVariant]) -> Iterator[str]:
    platforms: dict[str, list[Platform]] = defaultdict(list)
    needed: dict[Platform, tuple[Version, str]] = {}
    for variant in variants:
        for platform in variant.where.targets.platforms:
            for found in _needed(variant, platform):
                needed[platform] = max(needed.get(platform, found), found)
    for platform, (version, name) in needed.items():
        platforms[f"{_system(platform, version)} ({name})"].append(platform)
    for system, where in platforms.items():
        yield f"{stage} on {joined(map(str, where))} needs {system}."


def _needed(variant: LockedVariant, platform: Platform) -> Iterator[tuple[Version, str]]:
    targets, where = variant.where.targets, variant.files.where
    if platform.os == "windows" or (
        targets.macos if platform.os == "macos" else targets.libc.version
    ):
        return
    least = _MACOS if platform.os == "macos" else _GLIBC
    for package in variant.packages:
        # Source distributions and wheels for any platform mostly come last.
        names = [file["file"] for file in reversed(package.files)]
        version = where.needed_system(names, platform)
        if version is not None and version > least:
            yield version, package.name


def _system(platform: Platform, version: Version) -> str:
    if platform.os == "macos":
        return f"macOS {version[0]}" if version[1] == 0 else f"macOS {version_text(version)}"
    return f"glibc {version_text(version)}"


def _python_notes(stage: str, variants: Iterable[LockedVariant]) -> Iterator[str]:
    names: dict[Minor, dict[str, None]] = defaultdict(dict)
    for variant in variants:
        lacking = variant.files.lacking(variant.packages, is_required=False)
        for target, found in lacking.items():
            names[target.python] |= dict.fromkeys(sorted(found))
    if names:
        lacking_names = list(dict.fromkeys(name for found in names.values() for name in found))
        verb = "has" if len(lacking_names) == 1 else "have"
        pythons = joined(map(version_text, sorted(names)))
        yield (
            f"{stage} allows Python {pythons}, for which {abbreviated(lacking_names)} {verb} no"
            f" file on some platform: set an upper bound in `python`."
        )
