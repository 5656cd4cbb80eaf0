"""Check `size`: the packages of a stage are no larger downloads than `max-download-size`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.checks import Check, Finding
from poetry_fti.checks.shared.chains import shortest_chain
from poetry_fti.checks.shared.downloads import downloads
from poetry_fti.checks.shared.packages import named, sole
from poetry_fti.wording import joined, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poetry_fti.checks.shared.downloads import Download
    from poetry_fti.checks.shared.facts import CheckedProject, CheckedStage
    from poetry_fti.model.lock import LockedPackage

_HEAVIEST: Final = 3


def _find(project: CheckedProject) -> Iterator[Finding]:
    for stage in project.stages:
        limit = stage.stage.max_download_size
        if limit is None:
            continue
        found = downloads(stage)
        too_large = [each for each in found if each.total > limit]
        unknown = {each.name: each for download in found for each in download.unknown}
        if too_large:
            yield _too_large(stage, too_large, limit)
        elif unknown:
            yield _unknown(stage, [unknown[name] for name in sorted(unknown)])


def _too_large(stage: CheckedStage, found: Sequence[Download], limit: int) -> Finding:
    largest = max(found, key=lambda each: each.total)
    heaviest = largest.sizes[:_HEAVIEST]
    least = "at least " if largest.unknown else ""
    size, most = readable(largest.total), readable(limit)
    if size == most:
        size, most = f"{largest.total} bytes", f"{limit} bytes"
    listed = [f"{each.name} {each.version} ({readable(size)})" for size, each in heaviest]
    chains = [" -> ".join(["pyproject.toml", *shortest_chain(stage, p.name)]) for _, p in heaviest]
    others = [str(each.target.platform) for each in found if each is not largest]
    also = f" (also exceeded on {joined(others)})" if others else ""
    return Finding(
        check="size",
        level="error",
        stage=stage.name,
        message=(
            f"the packages are {least}{size} of downloads on {largest.target.platform}, more than"
            f" {most}{also}; the heaviest are {joined(listed)}"
        ),
        because=f"required by {'; '.join(chains)}",
        fix=(
            "Remove what the stage works without, with `exclude` if other packages require it, or"
            " raise `max-download-size`"
        ),
        path=f"{stage.path}.max-download-size",
    )


def _unknown(stage: CheckedStage, found: Sequence[LockedPackage]) -> Finding:
    return Finding(
        check="size",
        level="warning",
        stage=stage.name,
        package=sole(found),
        message=(
            "`max-download-size` cannot be checked, because the sizes of files are unknown:"
            f" {named(found)}"
        ),
        fix=(
            f"Look them up with `poetry fti image {stage.name}`; if the index does not publish"
            " sizes, waive this finding"
        ),
        path=f"{stage.path}.max-download-size",
    )


CHECK: Final = Check(
    _find,
    "the downloads of a stage are no larger than its key `max-download-size` allows",
    "`max-download-size` limits the size of the files that are downloaded to install the packages"
    " of a stage on one of its platforms, for the Python of its image or else the oldest that it"
    " allows. Of several wheels of a package that fit, the largest counts. Without `platforms`,"
    " linux/amd64 and linux/arm64 are checked. A finding names the heaviest packages and the"
    " requirements that bring them in.\n\nNo index is used: sizes come from Poetry's cache, which"
    " `poetry fti lock` and `poetry fti image` fill, and from the stage's pylock file. Packages"
    " from git, URLs and folders do not count. The installed size, which is larger, is not known"
    " before the installation, and is not checked.\n\nRemove or exclude packages, take smaller"
    " builds, such as torch for CPUs, or raise the limit.",
)
