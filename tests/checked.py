"""Stages and projects as checks see them, without Poetry."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from poetry_fti.checks import load_check
from poetry_fti.checks.shared.facts import CheckedProject, CheckedStage
from poetry_fti.model.lock import LockedPackage, Requirement
from poetry_fti.model.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from poetry_fti.checks.shared.facts import PackageSource
    from poetry_fti.model.stage import Kind

TODAY: Final = date(2026, 11, 29)


def requirement(name: str, specifiers: str = "") -> Requirement:
    """Return a requirement of one range."""
    return Requirement(name=canonicalize_name(name), ranges=(SpecifierSet(specifiers),))


def locked(name: str, version: str, requires: Iterable[str] = ()) -> LockedPackage:
    """Return a package of a lock, with the names that it requires."""
    return LockedPackage(
        name=canonicalize_name(name),
        version=Version(version),
        requires=tuple(requirement(each) for each in requires),
    )


def stage(
    kind: Kind,
    pins: Mapping[str, str],
    *,
    name: str = "",
    direct: Iterable[str] | None = None,
    problem: str = "",
) -> CheckedStage:
    """Return a stage whose lock has packages of these versions; all are direct requirements."""
    chosen = canonicalize_name(name or kind)
    return CheckedStage(
        stage=Stage(name=chosen, kind=kind, groups=(chosen,), closure=(chosen,)),
        problem=problem,
        requirements=tuple(requirement(each) for each in (pins if direct is None else direct)),
        packages=tuple(locked(*pin) for pin in pins.items()),
        python="",
        files=lambda _: (),
        sizes=dict,
    )


def project(*stages: CheckedStage, sources: tuple[PackageSource, ...] = ()) -> CheckedProject:
    """Return a project of stages, without anything else that checks look at."""
    return CheckedProject(stages=stages, leftovers=list, today=TODAY, sources=sources)


def found(check: str, *stages: CheckedStage) -> list[str]:
    """Return the findings of a check on stages, each as its lines of text."""
    return [
        "\n".join(
            filter(None, (f"{each.stage}: {each.level}: {each.message}", each.because, each.fix))
        )
        for each in load_check(check).find(project(*stages))
    ]
