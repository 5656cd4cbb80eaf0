"""Requirements of single platforms as requirements with markers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from poetry_fti.importers.shared.markers import true_platforms
from poetry_fti.model.platforms import PLATFORMS
from poetry_fti.targets import marker_environment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from poetry_fti.model.imported import ImportedRequirement
    from poetry_fti.model.platforms import Platform


def with_platforms(
    found: Mapping[Platform, Sequence[ImportedRequirement]],
) -> list[ImportedRequirement]:
    """Return the requirements of all platforms; a marker limits those that not every one has."""
    having: dict[ImportedRequirement, list[Platform]] = {}
    for platform, requirements in found.items():
        for each in dict.fromkeys(requirements):
            having.setdefault(each, []).append(platform)
    return [limited(each, platform_marker(platforms, found)) for each, platforms in having.items()]


def limited(requirement: ImportedRequirement, marker: str) -> ImportedRequirement:
    """Return a requirement that applies where a further marker is true, too."""
    if not marker:
        return requirement
    parts = [f"({each})" if " or " in each else each for each in (requirement.marker, marker)]
    text = " and ".join(filter(None, parts)) if requirement.marker else marker
    return replace(requirement, marker=text)


def platform_marker(some: Collection[Platform], every: Collection[Platform]) -> str:
    """Return a marker that is true on some of a stage's platforms only, empty for all of them."""
    systems = list(dict.fromkeys(each.os for each in every))
    machines = {os: [each for each in every if each.os == os] for os in systems}
    chosen = {os: [each for each in machines[os] if each in some] for os in systems}
    whole = [os for os in systems if chosen[os] == machines[os]]
    missing = [os for os in systems if not chosen[os]]
    if len(whole) == len(systems):
        return ""
    if len(missing) == 1 and len(whole) == len(systems) - 1 > 1:
        return f"sys_platform != '{_system(machines[missing[0]][0])}'"
    parts = [part for os in systems for part in _parts(chosen[os], is_whole=os in whole)]
    return " or ".join(parts)


def remaining_marker(markers: Sequence[str]) -> str | None:
    """Return a marker that is true where none of some markers is, empty if that is everywhere.

    Returns None if it is nowhere, or if the markers depend on something else than the platform.
    """
    if not all(markers):
        return None if markers else ""
    found: set[Platform] = set()
    for each in markers:
        trues = true_platforms(each)
        if trues is None:
            return None
        found |= trues
    rest = [each for each in PLATFORMS if each not in found]
    return platform_marker(rest, PLATFORMS) if rest else None


def _parts(platforms: Sequence[Platform], *, is_whole: bool) -> Iterator[str]:
    for each in platforms[:1] if is_whole else platforms:
        system = f"sys_platform == '{_system(each)}'"
        machine = marker_environment(each)["platform_machine"]
        yield system if is_whole else f"{system} and platform_machine == '{machine}'"


def _system(platform: Platform) -> str:
    return marker_environment(platform)["sys_platform"]
