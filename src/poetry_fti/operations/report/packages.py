"""The matrix of packages and stages: versions, differences and their severity."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from poetry_fti.agreement.versions import locked_by_name
from poetry_fti.checks.shared.chains import shortest_chains
from poetry_fti.operations.comparison import origin_texts
from poetry_fti.report.data import Cell, Package
from poetry_fti.wording import named_stages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.agreement.versions import LockedVersions
    from poetry_fti.checks import Finding
    from poetry_fti.checks.shared.facts import CheckedStage
    from poetry_fti.model.locked_version import LockedVersion
    from poetry_fti.operations.comparison import Divergence
    from poetry_fti.report.data import Severity, StageDownload

# The checks whose findings are on differences between the versions of stages.
_ON_DIFFERENCES: Final = frozenset({"align", "skew"})


def packages(
    stages: Sequence[CheckedStage],
    downloads: Mapping[str, StageDownload],
    divergences: Iterable[Divergence],
    findings: Sequence[Finding],
) -> tuple[Package, ...]:
    """Return the packages of readable stages, sorted by name."""
    locks = {stage.name: locked_by_name(stage.packages) for stage in stages}
    direct = {stage.name: _direct(stage) for stage in stages}
    sizes = {name: dict(each.sizes) for name, each in downloads.items()}
    differing = {each.name: each for each in divergences}
    on_package = defaultdict[str, list["Finding"]](list)
    for finding in findings:
        if finding.package:
            on_package[finding.package].append(finding)
    return tuple(
        Package(
            name=name,
            cells={
                stage: Cell(
                    versions=text,
                    is_direct=name in direct[stage],
                    is_behind=name in differing and stage in differing[name].behind,
                    size=sizes[stage].get(name),
                )
                for stage, text in _texts(name, locks).items()
            },
            differs=name in differing,
            severity=_severity(differing.get(name), on_package[name]),
            reasons=tuple(_reasons(differing.get(name))),
            findings=tuple(map(_finding, on_package[name])),
        )
        for name in sorted({name for lock in locks.values() for name in lock})
    )


def _direct(stage: CheckedStage) -> set[NormalizedName]:
    return {name for name, chain in shortest_chains(stage).items() if len(chain) == 1}


def _texts(name: NormalizedName, locks: Mapping[str, LockedVersions]) -> Mapping[str, str]:
    """Return the versions of a package as text, by the stages that have it."""
    found = {stage: lock[name] for stage, lock in locks.items() if name in lock}
    alike = set(found.values())
    origins = origin_texts(v for versions in alike for v in versions) if len(alike) > 1 else {}
    return {stage: _text(versions, origins) for stage, versions in found.items()}


def _text(versions: Sequence[LockedVersion], origins: Mapping[LockedVersion, str]) -> str:
    return ", ".join(f"{each} {origins.get(each, '')}".rstrip() for each in versions)


def _severity(divergence: Divergence | None, findings: Iterable[Finding]) -> Severity:
    levels = {each.level for each in findings if each.check in _ON_DIFFERENCES}
    if "error" in levels:
        return "error"
    if "warning" in levels:
        return "warning"
    return "different" if divergence else ""


def _reasons(divergence: Divergence | None) -> Iterator[str]:
    """Yield the reasons of a divergence, each with the names of its stages."""
    stages: dict[str, list[str]] = {}
    for reason in divergence.reasons if divergence else ():
        stages.setdefault(reason.text, []).append(reason.stage)
    yield from (f"{named_stages(names)}: {text}" for text, names in stages.items())


def _finding(finding: Finding) -> str:
    because = f" ({finding.because})" if finding.because else ""
    return f"{finding.level} [{finding.check}]: {finding.message}{because}. {finding.fix}"
