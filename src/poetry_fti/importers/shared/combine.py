"""Combining the environments of several files into one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.importers.shared.requirements import merged
from poetry_fti.model.imported import ImportedStage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeVar

    Item = TypeVar("Item")


def combined(stages: Sequence[ImportedStage]) -> ImportedStage:
    """Return one environment that has what each of several has; the first of two indexes counts."""
    if len(stages) == 1:
        return stages[0]
    pythons = dict.fromkeys(each.python for each in stages if each.python)
    return ImportedStage(
        requirements=tuple(merged(r for each in stages for r in each.requirements)),
        contents=_united(each.contents for each in stages),
        constraints=_united(each.constraints for each in stages),
        pins=_united(each.pins for each in stages),
        overrides=_united(each.overrides for each in stages),
        versions=_united(each.versions for each in stages),
        indirect=_united(each.indirect for each in stages),
        indexes=tuple({i.name: i for each in reversed(stages) for i in each.indexes}.values()),
        python=",".join(pythons),
        platforms=_united(each.platforms for each in stages),
        extras=_united(each.extras for each in stages),
        env=tuple(dict(_united(each.env for each in stages)).items()),
        notes=_united(each.notes for each in stages),
    )


def _united(items: Iterable[Iterable[Item]]) -> tuple[Item, ...]:
    return tuple(dict.fromkeys(item for each in items for item in each))
