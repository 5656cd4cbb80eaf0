"""What agreement between stages costs them, as lines of text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from poetry_fti.commands.shared.console import escape
from poetry_fti.operations.comparison import excluded_by, is_direct
from poetry_fti.wording import counted, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.operations.comparison import HeldBack
    from poetry_fti.operations.locking.lock import LockResult

# A list of stages names this many, and counts the others.
_NAMED: Final = 3


def held_back_lines(
    results: Mapping[str, LockResult], stages: Sequence[LockedStage]
) -> Iterator[str]:
    """Yield lines of cleo markup: which packages are older for the sake of other stages, and why.

    Packages that pyproject.toml requires, and of these other major versions, come first.
    `stages` are the locked stages, among which reasons are looked for.
    """
    if any(result.held_back or result.added for result in results.values()):
        yield ""
    for name, result in results.items():
        if result.added:
            more = f"{counted(len(result.added), 'package')} more than on its own"
            yield f"{escape(name)} has {more} to agree with other stages: {joined(result.added)}"
    yield from older_lines({name: each.held_back for name, each in results.items()}, stages)


def older_lines(
    held_back: Mapping[str, Sequence[HeldBack]], stages: Sequence[LockedStage]
) -> Iterator[str]:
    """Yield a line of cleo markup for each package that is held back in some stages, and a hint."""
    locked = {stage.stage.name: stage for stage in stages}
    groups: dict[HeldBack, list[str]] = {}
    for name, packages in held_back.items():
        for found in packages:
            groups.setdefault(found, []).append(name)
    for found in sorted(groups, key=lambda each: _priority(each, groups[each], locked)):
        yield f"{escape(_several(groups[found]))}: {escape(held_back_text(found, locked))}"
    names = sorted({each.package for each in groups if each.siblings and not each.is_demanded})
    if names:
        yield (
            "To let stages differ, add a rule to <comment>[[tool.fti.align]]</comment> with"
            f' <comment>level = "none"</comment> and <comment>packages = ["{names[0]}"]</comment>,'
            f' or <comment>["*"]</comment>; then run <info>poetry fti update {names[0]}</info>.'
        )


def held_back_text(found: HeldBack, locked: Mapping[str, LockedStage]) -> str:
    """Return which version a stage has instead of which one, and for the sake of which stages."""
    text = f"{found.package} {found.version}, not {found.newer}"
    if found.siblings:
        text = f"{text}, to agree with {_several(found.siblings)}"
    if found.is_demanded:
        text = f"{text}, as tool.fti.align demands"
    elif not found.siblings:
        text = f"{text}, which the versions that it has agreed on require"
    reason = _reason(found, locked)
    return f"{text} ({reason})" if reason else text


def held_back_data(found: HeldBack, locked: Mapping[str, LockedStage]) -> dict[str, Any]:
    """Return a package that is held back as JSON data."""
    return {
        "package": found.package,
        "version": str(found.version),
        "newer": str(found.newer),
        "stages": list(found.siblings),
        "is_demanded": found.is_demanded,
        "reason": _reason(found, locked) or None,
    }


def unfinished_lines(results: Mapping[str, LockResult]) -> Iterator[str]:
    """Yield a line that names the packages for which the search for a version was given up."""
    stages: dict[NormalizedName, list[str]] = {}
    for stage, result in results.items():
        for package in result.unfinished:
            stages.setdefault(package, []).append(stage)
    if stages:
        found = joined(f"{name} ({', '.join(stages[name])})" for name in sorted(stages))
        yield ""
        yield (
            "Agreement was not tried to the end, because it takes much longer than solving a stage"
            f" on its own, for {escape(found)}."
        )


def _priority(
    found: HeldBack, stages: Sequence[str], locked: Mapping[str, LockedStage]
) -> tuple[bool, bool, str, str]:
    direct = any(is_direct(found, locked[name]) for name in stages if name in locked)
    is_major = found.version.release[0] != found.newer.release[0]
    return not (direct and is_major), not direct, found.package, str(found.version)


def _reason(found: HeldBack, locked: Mapping[str, LockedStage]) -> str:
    siblings = [locked[name] for name in found.siblings if name in locked]
    texts = (excluded_by(each, found.package, found.newer) for each in siblings)
    return next(filter(None, texts), "")


def _several(names: Sequence[str]) -> str:
    if len(names) <= _NAMED:
        return joined(names)
    return f"{', '.join(names[: _NAMED - 1])} and {len(names) - _NAMED + 1} more"
