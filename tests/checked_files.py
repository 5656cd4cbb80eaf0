"""Stages as checks see them, with the names of the files in their locks and with targets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from packaging.markers import Marker

from checked import found, requirement, stage
from poetry_fti.model.lock import LockedFile
from poetry_fti.model.platforms import PLATFORMS, Targets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from poetry_fti.checks.shared.facts import CheckedStage
    from poetry_fti.model.lock import LockedPackage
    from poetry_fti.model.stage import Kind


def targeted(
    kind: Kind,
    files: Mapping[str, Sequence[str]],
    platforms: str = "",
    python: str = "==3.12.*",
    *,
    direct: Iterable[str] | None = None,
    **settings: Any,  # noqa: ANN401 - those of `Stage`
) -> CheckedStage:
    """Return a stage whose lock has version 1.0 of packages, with these files.

    A file is given by its name after `NAME-1.0-` or `NAME-1.0`, such as `py3-none-any.whl` or
    `.tar.gz`; `platforms` are separated by spaces; `settings` are fields of `Stage`.
    """
    checked = stage(kind, dict.fromkeys(files, "1.0"), direct=direct)
    chosen = tuple(each for each in PLATFORMS if str(each) in platforms.split())
    settings.setdefault("targets", Targets(platforms=chosen))
    return replace(
        checked,
        stage=replace(checked.stage, **settings),
        python=python,
        files=lambda package: [_file(package.name, each) for each in files[package.name]],
    )


def report(check: str, *stages: CheckedStage) -> str:
    """Return the findings of a check on stages as text, with the level of each."""
    return "\n".join(found(check, *stages))


def marked(checked: CheckedStage, name: str, marker: str) -> CheckedStage:
    """Return a stage in which a package has a marker."""
    return _changed(checked, name, lambda package: replace(package, marker=Marker(marker)))


def requiring(checked: CheckedStage, name: str, *others: str) -> CheckedStage:
    """Return a stage in which a package requires others."""
    requires = tuple(map(requirement, others))
    return _changed(checked, name, lambda package: replace(package, requires=requires))


def _changed(
    checked: CheckedStage, name: str, change: Callable[[LockedPackage], LockedPackage]
) -> CheckedStage:
    packages = (change(each) if each.name == name else each for each in checked.packages)
    return replace(checked, packages=tuple(packages))


def _file(name: str, ending: str) -> LockedFile:
    between = "" if ending.startswith(".") else "-"
    return LockedFile(name=f"{name}-1.0{between}{ending}", digest=f"sha256:{name}{ending}")
