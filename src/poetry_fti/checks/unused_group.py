"""Check `unused-group`: dependency groups that are not for development belong to a stage."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from poetry_fti.checks import Check, Finding
from poetry_fti.model.stage import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.checks.shared.facts import CheckedProject, UnusedGroup

# Words in the names of groups that no stage is meant to use.
_DEVELOPMENT: Final = re.compile(
    r"bench(marks?)?|build|checks?|ci|commit|coverage|debug|demos?|dev(elop(ment)?)?|docs?"
    r"|documentation|e2e|examples?|format(ting)?|hooks|ide|integration|interactive|ipython|jupyter"
    r"|lint(ers|ing)?|local|lsp|maintenance|mypy|notebooks?|nox|pre|profiling|publish|quality"
    r"|release|ruff|security|style|test(s|ing)?|tool(s|ing)?|tox|types?|typing"
)
_SIMILAR: Final = 0.8


def _find(project: CheckedProject) -> Iterator[Finding]:
    for group in project.unused_groups:
        if reason := _suspicion(group, project):
            yield Finding(
                check="unused-group",
                level="warning",
                message=(
                    f"no stage uses the dependency group {group.name}, so no stage's lock contains"
                    " its packages"
                ),
                because=reason,
                fix="Add it to `groups` of a stage or include it in a stage's group, or remove it",
                path=group.path,
            )


def _suspicion(group: UnusedGroup, project: CheckedProject) -> str:
    """Return why a group may be meant for a stage; an empty string if it need not be."""
    words = set(group.name.split("-"))
    if any(map(_DEVELOPMENT.fullmatch, words)):
        return ""
    for label in [*(stage.name for stage in project.stages), *KINDS]:
        if words.issuperset(label.lower().split("-")):
            return f'its name contains "{label}"'
    for kind in KINDS:
        if similar := get_close_matches(kind, sorted(words), n=1, cutoff=_SIMILAR):
            return f'"{similar[0]}" is similar to "{kind}"'
    if project.is_isolated and not group.is_optional:
        return "with `isolated`, groups are for stages or for development"
    return ""


CHECK: Final = Check(
    _find,
    "dependency groups that are not for development belong to a stage",
    "A group that no stage lists or includes is in no stage's lock and in no image, although it may"
    " have been meant for one. Groups are reported if their name contains, or is similar to, the"
    " name of a stage or of a kind of stages. If `isolated` is set for the project, other groups"
    " are reported, too, unless they are optional. Groups for development are not: those with a"
    " word such as `dev`, `test`, `lint`, `docs` or `notebook` in their name, and groups that they"
    " include.\n\nAdd the group to `groups` or `dev-groups` of a stage, include it in a group of"
    " one, or remove it.",
)
