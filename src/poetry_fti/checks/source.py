"""Check `source`: no package of a private index could come from PyPI instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.checks import Check, Finding
from poetry_fti.model.origins import IndexOrigin
from poetry_fti.wording import in_one_line, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.checks.shared.facts import CheckedProject, CheckedStage, PackageSource

_MOST_LISTED: Final = 10


def _find(project: CheckedProject) -> Iterator[Finding]:
    for source, pypi in _exposed(project.sources):
        for stage in project.stages:
            if names := _unnamed(stage, source):
                yield _finding(stage, source, names, pypi)


def _exposed(sources: Sequence[PackageSource]) -> Iterator[tuple[PackageSource, PackageSource]]:
    """Yield each private source whose packages PyPI could replace, and PyPI.

    Poetry searches all primary sources, and takes the newest version that it finds. It goes on to
    a supplemental source only if those before have no suitable version.
    """
    pypi = next(((at, each) for at, each in enumerate(sources) if each.is_pypi), None)
    if pypi is None:
        return
    position, default = pypi
    for at, source in enumerate(sources):
        is_equal = source.priority == default.priority == "primary"
        if not source.is_pypi and (is_equal or position < at):
            yield source, default


def _unnamed(stage: CheckedStage, source: PackageSource) -> list[NormalizedName]:
    """Return the packages that are locked from a source which the stage's requirements omit."""
    name = source.name.lower()
    named = {each.name for each in stage.requirements if each.source.lower() == name}
    found = {
        each.name
        for each in stage.packages
        if isinstance(each.origin, IndexOrigin) and (each.origin.name or "").lower() == name
    }
    return sorted(found - named)


def _finding(
    stage: CheckedStage, source: PackageSource, names: list[NormalizedName], pypi: PackageSource
) -> Finding:
    is_one, name = len(names) == 1, in_one_line(source.name)
    is_equal = source.priority == pypi.priority
    version = "a newer version" if is_equal else "a suitable version"
    return Finding(
        check="source",
        level="warning",
        stage=stage.name,
        package=names[0] if is_one else None,
        message=(
            f"{_listed(names)} {'is' if is_one else 'are'} locked from {name}, but an update takes"
            f" {version} from PyPI as soon as anybody publishes one there"
        ),
        because=(
            f"{name} has the priority {source.priority}, and the requirements of {stage.name} do"
            f" not name it as the source"
        ),
        fix=(
            f'Set `priority = "explicit"` in {source.path}, and require'
            f' {names[0] if is_one else "these packages"} with `source = "{name}"`'
        ),
        path=source.path,
    )


def _listed(names: list[NormalizedName]) -> str:
    if len(names) <= _MOST_LISTED:
        return joined(names)
    return joined([*names[: _MOST_LISTED - 1], f"{len(names) - _MOST_LISTED + 1} more"])


CHECK: Final = Check(
    _find,
    "no package of a private index can be replaced by one on PyPI (dependency confusion)",
    "Poetry searches all primary sources for a requirement that names no source, and takes the"
    " newest version; it searches a supplemental source only if the others have no suitable"
    " version. If PyPI is searched as well, whoever publishes a package there under the name of one"
    " that only a private index has, decides what the next update installs, as happened to"
    " torchtriton in 2022. Packages are reported that are locked from another index than PyPI,"
    " although PyPI has the same or a higher priority, and no requirement of the stage names their"
    " source.\n\nGive the source the priority `explicit`, and require the packages that come from"
    " it with `source`, also those that only other packages require. Or make PyPI `supplemental`,"
    " or use a single index that decides by itself.",
)
