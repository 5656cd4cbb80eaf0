"""Check `size`: the packages of a stage are no larger downloads than `max-download-size`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet

from poetry_fti.checks import Check, Finding
from poetry_fti.checks.shared.chains import shortest_chain
from poetry_fti.checks.shared.images import image_python, oldest_python
from poetry_fti.checks.shared.packages import named, sole
from poetry_fti.checks.shared.targets import applies
from poetry_fti.model import USUAL_PLATFORMS, IndexOrigin, Targets
from poetry_fti.targets import stage_targets
from poetry_fti.wording import joined, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_fti.checks.shared.facts import CheckedProject, CheckedStage
    from poetry_fti.model import LockedPackage
    from poetry_fti.targets import StageTargets, Target

_HEAVIEST: Final = 3


@dataclass(frozen=True, slots=True)
class _Download:
    """The packages that a target downloads: the sizes in bytes, heaviest first, and the unknown."""

    target: Target
    sizes: tuple[tuple[int, LockedPackage], ...]
    unknown: tuple[LockedPackage, ...]

    @property
    def total(self) -> int:
        """The size of all packages whose size is known."""
        return sum(size for size, _ in self.sizes)


def _find(project: CheckedProject) -> Iterator[Finding]:
    for stage in project.stages:
        limit = stage.stage.max_download_size
        if limit is None:
            continue
        where = _targets(stage)
        sizes = stage.sizes()
        found = [_download(stage, where, target, sizes) for target in where.required]
        too_large = [each for each in found if each.total > limit]
        unknown = {each.name: each for download in found for each in download.unknown}
        if too_large:
            yield _too_large(stage, too_large, limit)
        elif unknown:
            yield _unknown(stage, [unknown[name] for name in sorted(unknown)])


def _targets(stage: CheckedStage) -> StageTargets:
    """Return the platforms of a stage with the Python of its image, or else its oldest one."""
    targets = stage.stage.targets
    platforms = targets.platforms or USUAL_PLATFORMS
    own = Targets(platforms=platforms, libc=targets.libc, macos=targets.macos)
    minor = image_python(stage) or oldest_python(stage)
    return stage_targets(own, SpecifierSet(f"=={minor[0]}.{minor[1]}.*" if minor else stage.python))


def _download(
    stage: CheckedStage, where: StageTargets, target: Target, sizes: Mapping[str, int]
) -> _Download:
    known, unknown = [], []
    for package in stage.packages:
        if isinstance(package.origin, IndexOrigin) and applies(package, target):
            size = _size(stage, package, where, target, sizes)
            if size is None:
                unknown.append(package)
            else:
                known.append((size, package))
    known.sort(key=lambda pair: (-pair[0], pair[1].name))
    return _Download(target, tuple(known), tuple(unknown))


def _size(
    stage: CheckedStage,
    package: LockedPackage,
    where: StageTargets,
    target: Target,
    sizes: Mapping[str, int],
) -> int | None:
    """Return the size of the largest wheel for a target, or of the source distribution."""
    files = stage.files(package)
    wheels = [each for each in files if each.is_wheel and target in where.of(each.name)]
    chosen = wheels or [each for each in files if not each.is_wheel]
    return max((sizes[each.digest] for each in chosen if each.digest in sizes), default=None)


def _too_large(stage: CheckedStage, found: Sequence[_Download], limit: int) -> Finding:
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
