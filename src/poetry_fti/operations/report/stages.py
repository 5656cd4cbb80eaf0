"""The stages of a report: their settings, the numbers of packages and the download sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.agreement.versions import locked_by_name
from poetry_fti.checks.shared.chains import shortest_chains
from poetry_fti.checks.shared.downloads import downloads
from poetry_fti.report.data import ReportStage, StageDownload

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from poetry_fti.checks.shared.facts import CheckedStage


def stage_download(stage: CheckedStage) -> StageDownload:
    """Return what a stage downloads, on the platform where that is the most."""
    largest = max(downloads(stage), key=lambda each: each.total, default=None)
    if largest is None:
        return StageDownload()
    sizes: dict[str, int] = {}
    for size, package in largest.sizes:
        sizes[package.name] = sizes.get(package.name, 0) + size
    return StageDownload(
        platform=str(largest.target.platform),
        sizes=tuple(sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0]))),
        unknown=tuple(sorted({package.name for package in largest.unknown})),
    )


def report_stages(
    stages: Sequence[CheckedStage], sizes: Mapping[str, StageDownload]
) -> tuple[ReportStage, ...]:
    """Return the stages; `sizes` are the downloads of those whose locks can be read."""
    names = {each.name: locked_by_name(each.packages).keys() for each in stages}
    return tuple(
        _stage(stage, names[stage.name], _others(stage.name, names), sizes.get(stage.name))
        for stage in stages
    )


def _others(name: str, names: Mapping[str, Collection[str]]) -> set[str]:
    return {each for other, found in names.items() if other != name for each in found}


def _stage(
    stage: CheckedStage, own: Collection[str], others: set[str], download: StageDownload | None
) -> ReportStage:
    direct = {name for name, chain in shortest_chains(stage).items() if len(chain) == 1}
    return ReportStage(
        name=stage.name,
        kind=stage.stage.kind,
        python=stage.python,
        platforms=tuple(map(str, stage.stage.targets.platforms)),
        problem=stage.problem,
        is_readable=stage.is_readable,
        packages=len(own),
        direct=len(direct.intersection(own)),
        alone=len(set(own) - others),
        download=download or StageDownload(),
    )
