"""Check `installed`: environments of stages have been installed from the locks."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from poetry_fti.checks import Check, Finding
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.checks.shared.facts import CheckedProject, EnvironmentState

_STATES: Final[Mapping[EnvironmentState, str]] = {
    "behind": "has been installed from another lock",
    "incomplete": "has not been installed completely",
    "broken": "is broken",
}


def _find(project: CheckedProject) -> Iterator[Finding]:
    fresh = {stage.name: stage for stage in project.stages if not stage.problem}
    for name, group in groupby(project.environments(), key=lambda each: each.stage):
        # A stage may have several environments, for several versions of Python.
        found = {each.state: each for each in group}
        state = next((state for state in _STATES if state in found), None)
        if name in fresh and "ready" not in found and state:
            yield Finding(
                check="installed",
                level="warning",
                stage=name,
                message=f"the environment {in_one_line(found[state].name)} {_STATES[state]}",
                fix=f"Run `poetry fti install {name}`",
                path=fresh[name].path,
            )


CHECK: Final = Check(
    _find,
    "environments of stages have been installed from the locks",
    "What runs in an environment that is behind the lock of its stage is not what is locked. Only"
    " environments that exist are looked at, and only their files: no Python is started. Stages"
    " with a stale lock are left to the check `fresh`.\n\nInstall the stage again with `poetry"
    " fti install`, or set `sync-on-run`.",
)
