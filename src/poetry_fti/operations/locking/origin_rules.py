"""Checks rules of agreement for the origins of solved packages, which no solver can change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.agreement.origin_reasons import can_move_together
from poetry_fti.agreement.places import places, places_text
from poetry_fti.agreement.rules import of_several_origins, tied
from poetry_fti.agreement.versions import locked_by_name
from poetry_fti.bridge.solving.outcome import cannot_agree, tied_to
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.agreement.versions import LockedVersions
    from poetry_fti.bridge.solving.outcome import Outcome
    from poetry_fti.model.rule import Rule


def require_one_origin(
    outcomes: Mapping[str, Outcome], rules: Sequence[Rule]
) -> dict[str, Outcome]:
    """Return the outcomes, with errors for stages that have a bound package of several origins."""
    checked = dict(outcomes)
    locked = {
        stage: locked_by_name(outcome.lock.packages)
        for stage, outcome in outcomes.items()
        if not isinstance(outcome, FtiError)
    }
    for group in tied(list(locked), rules):
        own = [rule for rule in rules if not set(group).isdisjoint(rule.stages)]
        found = of_several_origins(own, locked)
        if found:
            first, *others = group
            lines = [
                _line(name, {stage: locked[stage] for stage in stages if stage in locked})
                for name, stages in found.items()
            ]
            checked[first] = cannot_agree(group, "\n".join(lines))
            checked |= dict.fromkeys(others, tied_to(first))
    return checked


def _line(name: NormalizedName, stages: Mapping[str, LockedVersions]) -> str:
    found = [locked for versions in stages.values() for locked in versions.get(name, ())]
    remedy = (
        f"run `poetry fti update {name}` to lock the newest in all of them"
        if can_move_together(found)
        else "require the same origin in all of them"
    )
    return f"  {name} {places_text(places(name, stages))}: {remedy}"
