"""What a lock was solved for beyond its derived project: the table `[metadata.fti]`."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poetry_fti.model import Rule, Stage


def conditions(stage: Stage, rules: Sequence[Rule], digests: Mapping[str, str]) -> dict[str, Any]:
    """Return the table of a stage; empty for one that is solved as plain Poetry would.

    The order in which rules and their packages are written makes no difference. `rules` tie the
    stage to others, perhaps by others again, and `digests` tell what each of these asks for: their
    changes make the stage's lock stale, too.
    """
    table = _own(stage)
    if rules:
        table["align"] = sorted(map(_written, rules), key=str)
        table["tied"] = dict(sorted(digests.items()))
    return table


def digest(stage: Stage, content_hash: str) -> str:
    """Return the digest of all that a stage itself asks for."""
    text = json.dumps([content_hash, _own(stage)], sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _written(rule: Rule) -> dict[str, Any]:
    packages, stages = sorted(rule.packages), list(rule.stages)
    return {"level": rule.level, "packages": packages, "stages": stages}


def _own(stage: Stage) -> dict[str, Any]:
    table: dict[str, Any] = {}
    if stage.targets.platforms:
        table["platforms"] = [str(platform) for platform in stage.targets.platforms]
    if stage.dev_groups:
        table["dev-groups"] = list(stage.dev_groups)
    if stage.overrides:
        table["overrides"] = dict(stage.overrides)
    return table
