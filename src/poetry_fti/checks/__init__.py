"""What `poetry fti check` looks at: a module for each check, imported when the check runs.

A check's module has the name of the check in `poetry_fti.model.check.CHECKS`, with `_` for `-`,
and a constant `CHECK`: what the check looks at, and the function that returns its findings.
"""

from __future__ import annotations

from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from poetry_fti.checks.shared.facts import CheckedProject

FindingLevel: TypeAlias = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What one stage saves and another one loads, or the code that both run.

    Attributes:
        producer: the name of the stage that saves it.
        consumer: the name of the stage that loads it.
        producer_version: the version of the finding's package in the producer.
        consumer_version: that in the consumer; None if the consumer does not have the package.
        silent: whether there may be wrong results without an error.
    """

    producer: str
    consumer: str
    producer_version: str
    consumer_version: str | None
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that a check found wrong.

    Attributes:
        check: the name of the check.
        level: how grave it is, before the settings of the project are applied.
        stage: the stage's name; None for a finding on the whole project.
        package: the package's name; None if the finding is not on a package.
        message: what is wrong and what breaks, a sentence on one line without its full stop.
        fix: what to do about it, such as a command or a setting; a sentence without its full stop.
        because: the requirement or setting behind it; empty if `message` says it all.
        path: the dotted path of the table or key in pyproject.toml that the finding is about.
        transfer: the two stages and versions, for a finding on a pair of stages; `stage` is then
            the consumer.
    """

    check: str
    level: FindingLevel
    message: str
    fix: str
    stage: str | None = None
    package: str | None = None
    because: str = ""
    path: str = "tool.fti"
    transfer: Transfer | None = None

    def is_on(self, stages: Collection[str]) -> bool:
        """Return whether the finding is on one of these stages, or on the whole project.

        A finding on a pair of stages is on both.
        """
        both = {self.stage, self.transfer.producer if self.transfer else self.stage}
        return self.stage is None or not both.isdisjoint(stages)


def _everything_is_known(_project: CheckedProject, _stages: Collection[str]) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Check:
    """A check.

    Attributes:
        find: returns the findings. It is pure: what it needs to know is in its argument.
        summary: what it looks at, in half a line.
        explanation: what it looks at, why that matters and what to do about findings; paragraphs
            of plain text.
        unknown: returns what could not be checked in the stages with these names, as a phrase that
            begins with `unknown`; an empty string if everything could. It is pure, too.
    """

    find: Callable[[CheckedProject], Iterable[Finding]]
    summary: str
    explanation: str
    unknown: Callable[[CheckedProject, Collection[str]], str] = _everything_is_known


@dataclass(frozen=True, slots=True)
class Unknown:
    """What a check could not find out, which is no finding: a phrase without its full stop."""

    check: str
    message: str


def load_check(name: str) -> Check:
    """Return the check of a name that is in `poetry_fti.model.check.CHECKS`."""
    check: Check = resolve_name(f"{__name__}.{name.replace('-', '_')}:CHECK")
    return check
