"""Check `yanked`: no locked release has been withdrawn from PyPI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.checks import Check, Finding
from poetry_fti.checks.shared.chains import shortest_chain
from poetry_fti.model.origins import IndexOrigin
from poetry_fti.wording import counted, in_one_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from poetry_fti.checks.shared.facts import CheckedProject, CheckedStage
    from poetry_fti.model.lock import LockedPackage


def _find(project: CheckedProject) -> Iterator[Finding]:
    yanked = project.yanks().reasons
    for stage in project.stages:
        # A version may have several entries, for several platforms.
        releases = {(each.name, each.version): each for each in stage.packages}
        for release in sorted(releases):
            package = releases[release]
            if not yanked.keys().isdisjoint(package.digests):
                yield _finding(stage, package, yanked)


def _finding(stage: CheckedStage, package: LockedPackage, yanked: Mapping[str, str]) -> Finding:
    files = package.digests & yanked.keys()
    reasons = sorted({yanked[each] for each in files} - {""})
    reason = f": {in_one_line('; '.join(reasons))}" if reasons else ""
    some = f"{len(files)} of {len(package.digests)} files of " if files < package.digests else ""
    chain = shortest_chain(stage, package.name)
    return Finding(
        check="yanked",
        level="warning",
        stage=stage.name,
        package=package.name,
        message=(
            f"{some}{package.name} {package.version} {'have' if len(files) > 1 and some else 'has'}"
            f" been yanked from PyPI{reason}"
        ),
        because=f"required by pyproject.toml -> {' -> '.join(chain)}" if chain else "",
        fix=(
            f"Run `poetry fti update {stage.name} {package.name}`, or require another version if"
            " that keeps this one"
        ),
        path=stage.path,
    )


def _unknown(project: CheckedProject, stages: Collection[str]) -> str:
    names = {
        package.name
        for stage in project.stages
        if stage.name in stages
        for package in stage.packages
        if isinstance(package.origin, IndexOrigin) and package.origin.name is None
    }
    found = len(names.intersection(project.yanks().unknown))
    pages = "page is" if found == 1 else "pages are"
    count = counted(found, "package")
    return f"unknown for {count}, whose {pages} not in Poetry's cache" if found else ""


CHECK: Final = Check(
    _find,
    "no locked release is known to have been yanked from PyPI",
    "Maintainers yank a release that is broken or dangerous. It can still be installed from a lock,"
    " but new locks do not choose it.\n\nNo request is sent: PyPI's pages are read from Poetry's"
    " cache, where `lock` and `update` store them, whatever their age. A release that"
    " has been yanked since, or that comes from another index, is not reported; packages whose"
    " pages are not in the cache are counted. Use"
    " `poetry fti update --dry-run` to read the pages anew.\n\nUpdate the package to a release that"
    " has not been yanked.",
    _unknown,
)
