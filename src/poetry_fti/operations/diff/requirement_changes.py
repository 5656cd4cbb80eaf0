"""The requirements whose changes explain why a package has another version than before."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry_fti.agreement.deductions import OVERRIDE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.checks.shared.facts import CheckedStage
    from poetry_fti.model.lock import Requirement

PYPROJECT: Final = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class RequirementChange:
    """A requirement that excludes the version before or after a change, and only on one side.

    `by` is the name of the package that has the requirement, `pyproject.toml`, or `OVERRIDE` for
    one that replaces those of packages. `before` and `after` are its specifiers, empty for any
    version; None on the side without the requirement.
    """

    by: str
    before: str | None
    after: str | None


class Requirements:
    """The requirements in a lock, and those of pyproject.toml, by the package they are on."""

    def __init__(self, stage: CheckedStage) -> None:
        """Collect the requirements of a stage."""
        self._found: defaultdict[NormalizedName, defaultdict[str, list[Requirement]]]
        self._found = defaultdict(lambda: defaultdict(list))
        for requirement in stage.requirements:
            self._found[requirement.name][PYPROJECT].append(requirement)
        overridden = dict(stage.stage.overrides)
        for package in stage.packages:
            for requirement in package.requires:
                by = OVERRIDE if requirement.name in overridden else package.name
                self._found[requirement.name][by].append(requirement)

    def on(self, name: NormalizedName) -> Mapping[str, Sequence[Requirement]]:
        """Return the requirements on a package by what has them."""
        return self._found.get(name, {})


def requirement_changes(
    before: Mapping[str, Sequence[Requirement]],
    after: Mapping[str, Sequence[Requirement]],
    old: Iterable[Version],
    new: Iterable[Version],
) -> tuple[RequirementChange, ...]:
    """Return the changed requirements that explain why a package has other versions than before.

    `before` and `after` are the requirements on the package by what has them, that of
    pyproject.toml first in the result; `old` and `new` are its versions. A requirement that allows
    all of these explains nothing and is left out.
    """
    old, new = list(old), list(new)
    found = []
    for by in sorted(before.keys() | after.keys(), key=lambda name: (name != PYPROJECT, name)):
        first, second = before.get(by, ()), after.get(by, ())
        change = RequirementChange(by, _text(first), _text(second))
        if change.before != change.after and (_excludes(second, old) or _excludes(first, new)):
            found.append(change)
    return tuple(found)


def _excludes(requirements: Sequence[Requirement], versions: Sequence[Version]) -> bool:
    """Return whether there are requirements of which none allows one of the versions."""
    return bool(requirements) and not all(
        any(each.allows(version) for each in requirements) for version in versions
    )


def _text(requirements: Sequence[Requirement]) -> str | None:
    """Return the specifiers of requirements; None without any."""
    if not requirements:
        return None
    # Several apply on different targets.
    texts = {str(each).removeprefix(each.name).strip() for each in requirements}
    return " or ".join(sorted(texts))
