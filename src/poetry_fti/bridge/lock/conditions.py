"""The conditions under which a lock is solved, besides its derived project.

A lock records them in its table `[metadata.fti]`; it is stale if they change.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from poetry_fti.model import Libc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poetry_fti.model import Rule, Stage, Targets


def lock_conditions(
    stage: Stage, rules: Sequence[Rule], digests: Mapping[str, str]
) -> dict[str, Any]:
    """Return the table `[metadata.fti]` of a stage; empty if plain Poetry would solve it the same.

    `rules` are those that connect the stage with others, directly or through further stages.
    `digests` are the `conditions_digest` of each of these others by name: a change there makes the
    stage's lock stale too. The order of rules and of their packages makes no difference.
    """
    table = _own_conditions(stage)
    if rules:
        table["align"] = sorted(map(_rule_table, rules), key=str)
        table["tied"] = dict(sorted(digests.items()))
    return table


def conditions_digest(stage: Stage, content_hash: str) -> str:
    """Return the digest (`sha256:…`) of a stage's own requirements and conditions.

    `content_hash` is Poetry's hash of the derived project.
    """
    text = json.dumps([content_hash, _own_conditions(stage)], sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _rule_table(rule: Rule) -> dict[str, Any]:
    packages, stages = sorted(rule.packages), list(rule.stages)
    return {"level": rule.level, "packages": packages, "stages": stages}


def _system_versions(targets: Targets) -> dict[str, str]:
    """Return the settings that limit which wheels can be installed, as pyproject.toml has them."""
    found = {} if targets.libc == Libc() else {"libc": str(targets.libc)}
    return found if targets.macos is None else {**found, "macos": "{}.{}".format(*targets.macos)}


def _own_conditions(stage: Stage) -> dict[str, Any]:
    table: dict[str, Any] = {}
    if stage.targets.platforms:
        table["platforms"] = [str(platform) for platform in stage.targets.platforms]
        table |= _system_versions(stage.targets)
    if stage.dev_groups:
        table["dev-groups"] = list(stage.dev_groups)
    if stage.overrides:
        table["overrides"] = dict(stage.overrides)
    if stage.no_build:
        table["no-build"] = True
    return table
