"""Changed packages of locks, and differences between stages, as lines of text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poetry_fti.commands.shared.console import aligned, escape
from poetry_fti.operations.comparison import origin_texts, places_text
from poetry_fti.wording import MOST_NAMED, counted, joined, named_stages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_fti.model.locked_version import LockedVersion
    from poetry_fti.operations.comparison import Change, Comparison, Divergence, Reason


def change_lines(changes: Sequence[Change]) -> Iterator[str]:
    """Yield a line of cleo markup for each package that was added, removed or updated."""
    for change in changes:
        name, origins = change.name, origin_texts((*change.before, *change.after))
        before, after = (versions_text(each, origins) for each in (change.before, change.after))
        if not before:
            yield f"  <info>+</info> {name} {escape(after)}"
        elif not after:
            yield f"  <comment>-</comment> {name} {escape(before)}"
        else:
            yield f"  <c1>~</c1> {name} {escape(before)} -> {escape(after)}"


def change_data(change: Change) -> dict[str, Any]:
    """Return the change of a package as JSON data, with origins if versions do not identify it."""
    texts = origin_texts((*change.before, *change.after))
    data: dict[str, Any] = {
        "package": change.name,
        "before": [str(locked) for locked in change.before],
        "after": [str(locked) for locked in change.after],
    }
    if any(texts.values()):
        data["origins"] = {
            "before": [texts[locked] for locked in change.before],
            "after": [texts[locked] for locked in change.after],
        }
    return data


def versions_text(versions: Sequence[LockedVersion], origins: Mapping[LockedVersion, str]) -> str:
    """Return versions with the texts of their origins, such as `0.3.0 5e3181f and 0.4.0`."""
    return " and ".join(f"{locked} {origins[locked]}".rstrip() for locked in versions)


def comparison_lines(comparison: Comparison | None) -> Iterator[str]:
    """Yield lines of cleo markup: how many packages are shared, and which versions differ why.

    Yields no line for None, which stands for fewer than two comparable stages.
    """
    if comparison is None:
        return
    yield ""
    yield comparison_sentence(comparison)
    for divergence in comparison.divergences:
        yield from _divergence_lines(divergence)


def comparison_sentence(comparison: Comparison) -> str:
    """Return how many packages are shared, and how many of them differ; then it ends in a colon."""
    if not comparison.shared:
        return "No package is shared between stages."
    verb = "is" if comparison.shared == 1 else "are"
    shared = f"{counted(comparison.shared, 'package')} {verb} shared between stages"
    if not comparison.divergences:
        every = "" if comparison.shared == 1 else "all "
        return f"{shared}, {every}at the same version."
    what = "versions or origins" if _any_origin(comparison) else "versions"
    return f"{shared}, {_number_apart(comparison)}at different {what}:"


def _number_apart(comparison: Comparison) -> str:
    """Return how many of the shared packages differ; empty for the only one."""
    number = len(comparison.divergences)
    if number == comparison.shared:
        return "" if number == 1 else "all "
    return f"{number} "


def _any_origin(comparison: Comparison) -> bool:
    return any(any(_origins(divergence).values()) for divergence in comparison.divergences)


def _origins(divergence: Divergence) -> Mapping[LockedVersion, str]:
    return origin_texts(locked for versions, _ in divergence.versions for locked in versions)


def _divergence_lines(divergence: Divergence) -> Iterator[str]:
    yield f"  <c1>{divergence.name}</c1> {escape(_where(divergence))}"
    notes = [*_grouped(divergence.reasons), *_remedies(divergence)]
    is_long, behind = len(divergence.stages) > MOST_NAMED, set(divergence.behind)
    labels_one = bool(divergence.reasons) and not is_long and len(behind) == 1
    general = [text for text, stages in notes if behind.issubset(stages) and not labels_one]
    special = [(text, stages) for text, stages in notes if text not in general]
    yield from (f"    {text}" for text in general)
    if is_long:
        yield from (f"    {text}, in {escape(named_stages(stages))}" for text, stages in special)
    else:
        yield from aligned((f"    {escape(joined(stages))}:", text) for text, stages in special)


def _remedies(divergence: Divergence) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what an update may change, each with the names of the stages that it is about."""
    update = f"<info>poetry fti update {divergence.name}</info>"
    if divergence.closable:
        yield f"no requirement forces the difference; {update} removes it", divergence.closable
    if divergence.unexplained:
        yield f"{update} looks for a common version", divergence.unexplained


def _where(divergence: Divergence) -> str:
    """Return which stages have which versions; the largest group of stages is only counted."""
    *_, largest = sorted(divergence.versions, key=lambda item: len(item[1]))
    names = []
    for place in divergence.versions:
        stages = place[1]
        where = joined(stages)
        if place == largest and len(stages) > MOST_NAMED:
            is_last = place == divergence.versions[-1]
            where = f"{'the other ' if is_last else ''}{counted(len(stages), 'stage')}"
        names.append(where)
    return places_text(divergence.versions, names)


def _grouped(reasons: Sequence[Reason]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the texts of reasons, each with the names of the stages that it holds for."""
    stages: dict[str, list[str]] = {}
    for reason in reasons:
        stages.setdefault(escape(reason.text), []).append(reason.stage)
    return [(text, tuple(names)) for text, names in stages.items()]


def comparison_data(comparison: Comparison) -> dict[str, Any]:
    """Return the number of shared packages and all divergences as JSON data."""
    return {
        "shared": comparison.shared,
        "divergences": [
            {
                "package": divergence.name,
                "versions": list(_places_data(divergence)),
                "reasons": [{"stage": r.stage, "text": r.text} for r in divergence.reasons],
            }
            for divergence in comparison.divergences
        ],
    }


def _places_data(divergence: Divergence) -> Iterator[dict[str, Any]]:
    texts = _origins(divergence)
    for versions, stages in divergence.versions:
        data = {"versions": [str(locked) for locked in versions], "stages": list(stages)}
        origins = [texts[locked] for locked in versions]
        yield {**data, "origins": origins} if any(texts.values()) else data
