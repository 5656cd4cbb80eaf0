"""The conditions under which a lock is solved, besides its derived project.

A lock records them in its table `[metadata.fti]`; it is stale if they change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.model.platforms import Libc
from poetry_fti.wording import in_one_line, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry_fti.model.platforms import Targets
    from poetry_fti.model.rule import Rule
    from poetry_fti.model.stage import Stage

# What a message calls the keys of the table that differ from those of pyproject.toml.
_NAMES: Final = {"align": "rules", "tied": "rules", "paths": "path dependencies"}


def lock_conditions(
    stage: Stage, paths: Mapping[str, str], rules: Sequence[Rule], digests: Mapping[str, str]
) -> dict[str, Any]:
    """Return the table `[metadata.fti]` of a stage; empty if plain Poetry would solve it the same.

    `paths` are the digests of what each path dependency requires; Poetry does not record them.
    `rules` are those that connect the stage with others, directly or through further stages.
    `digests` are the `conditions_digest` of each of these others by name: a change there makes the
    stage's lock stale too. The order of rules and of their packages makes no difference.
    """
    table = _own_conditions(stage, paths)
    if rules:
        table["align"] = sorted(map(_rule_table, rules), key=str)
        table["tied"] = dict(sorted(digests.items()))
    return table


def conditions_digest(stage: Stage, paths: Mapping[str, str], content_hash: str) -> str:
    """Return the digest (`sha256:…`) of a stage's own requirements and conditions.

    `content_hash` is Poetry's hash of the derived project.
    """
    text = json.dumps([content_hash, _own_conditions(stage, paths)], sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _rule_table(rule: Rule) -> dict[str, Any]:
    packages, stages = sorted(rule.packages), list(rule.stages)
    return {"level": rule.level, "packages": packages, "stages": stages}


def _system_versions(targets: Targets) -> dict[str, str]:
    """Return the settings that limit which wheels can be installed, as pyproject.toml has them."""
    found = {} if targets.libc == Libc() else {"libc": str(targets.libc)}
    return found if targets.macos is None else {**found, "macos": "{}.{}".format(*targets.macos)}


def stale_reason(recorded: object, current: Mapping[str, Any]) -> str:
    """Return why a lock is stale that matches the derived project, empty if it is not known.

    `recorded` is the table `[metadata.fti]` of the lock, `current` the one that it should have.
    """
    return _path_reason(recorded, current) or _missing_reason(recorded, current)


def _path_reason(recorded: object, current: Mapping[str, Any]) -> str:
    """Return the reason if no more than path dependencies have changed, else empty."""
    if not isinstance(recorded, Mapping) or _without_paths(recorded) != _without_paths(current):
        return ""
    before, now = recorded.get("paths", {}), current.get("paths", {})
    if not isinstance(before, Mapping):
        return ""
    paths = sorted({*before, *now}) if before else sorted(now)
    changed = [in_one_line(path) for path in paths if before.get(path) != now.get(path)]
    if not changed:
        return ""
    noun = "path dependency" if len(changed) == 1 else "path dependencies"
    if not before:
        return f"it does not record the requirements of the {noun} {joined(changed)}"
    return f"it does not match the {noun} {joined(changed)}"


def _missing_reason(recorded: object, current: Mapping[str, Any]) -> str:
    """Return the reason if the lock lacks the table, else empty."""
    if recorded or not current:
        return ""
    keys = dict.fromkeys(_NAMES.get(key, key) for key in current)
    return (
        f"it does not record the stage's {joined(list(keys))} (new in pyproject.toml, or removed by"
        " plain Poetry with the table [metadata.fti])"
    )


def _without_paths(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key != "paths"}


def _own_conditions(stage: Stage, paths: Mapping[str, str]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    if stage.targets.platforms:
        table["platforms"] = [str(platform) for platform in stage.targets.platforms]
        table |= _system_versions(stage.targets)
    if stage.dev_groups:
        table["dev-groups"] = list(stage.dev_groups)
    if stage.overrides:
        table["overrides"] = dict(stage.overrides)
    if stage.exclude:
        table["exclude"] = sorted(stage.exclude)
    if stage.no_build:
        table["no-build"] = True
    if paths:
        table["paths"] = dict(sorted(paths.items()))
    return table
