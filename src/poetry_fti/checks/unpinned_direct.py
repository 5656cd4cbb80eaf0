"""Check `unpinned-direct`: dependencies from git name a commit, and those from URLs have a hash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.checks import Check, Finding
from poetry_fti.checks.shared.chains import shortest_chain
from poetry_fti.model.origins import GitOrigin, UrlOrigin
from poetry_fti.urls import public_git_url, public_url
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.utils import NormalizedName

    from poetry_fti.checks.shared.facts import CheckedProject, CheckedStage
    from poetry_fti.model.lock import LockedPackage

# Shorter abbreviations of a commit may be the name of a branch.
_SHORTEST_COMMIT: Final = 7


def _find(project: CheckedProject) -> Iterator[Finding]:
    for stage in project.stages:
        found = {}
        for package in stage.packages:
            if (finding := _finding(stage, package)) is not None:
                found[package.name, finding.message] = finding
        yield from (found[key] for key in sorted(found))


def _finding(stage: CheckedStage, package: LockedPackage) -> Finding | None:
    origin = package.origin
    if isinstance(origin, GitOrigin) and not _is_commit(origin):
        return _git(stage, package, origin)
    if isinstance(origin, UrlOrigin) and not package.digests:
        url = in_one_line(public_url(origin.url))
        return Finding(
            check="unpinned-direct",
            level="error",
            stage=stage.name,
            package=package.name,
            message=f"{package.name} is locked without a hash: {url} may return another file",
            because=_because(shortest_chain(stage, package.name)),
            fix=f"Run `poetry fti update {stage.name} {package.name}`, which records the hash",
            path=stage.path,
        )
    return None


def _is_commit(origin: GitOrigin) -> bool:
    requested = (origin.requested or "").lower()
    return len(requested) >= _SHORTEST_COMMIT and origin.commit.startswith(requested)


def _git(stage: CheckedStage, package: LockedPackage, origin: GitOrigin) -> Finding:
    chain = shortest_chain(stage, package.name)
    requested = origin.requested if origin.requested not in (None, "HEAD") else ""
    revision = in_one_line(requested) if requested else "the default branch"
    url, locked = in_one_line(public_git_url(origin.url)), in_one_line(origin.commit)
    # The lock keeps the name of the branch until the package is updated.
    update = " ".join(["poetry fti update", stage.name, *(chain[-2:] or [package.name])])
    where = f"In {chain[-2]}, require" if len(chain) > 1 else "Require"
    return Finding(
        check="unpinned-direct",
        level="warning",
        stage=stage.name,
        package=package.name,
        message=(
            f"{package.name} is required at {revision} of {url}, so an update may replace"
            f" the locked commit {locked[:7]}"
        ),
        because=_because(chain),
        fix=f"{where} {package.name} at a commit, such as the locked {locked}, and run `{update}`",
        path=stage.path,
    )


def _because(chain: list[NormalizedName]) -> str:
    return f"required by pyproject.toml -> {' -> '.join(chain)}" if chain else ""


CHECK: Final = Check(
    _find,
    "dependencies from git name a commit, and those from URLs are locked with a hash",
    "The lock contains the commit of a dependency from git. If the requirement names a branch or a"
    " tag, or neither, an update installs whatever that is then, and the version number may be the"
    " same. A dependency from a URL that is locked without a hash may be another file in each"
    " installation. Path dependencies are not reported: the lock has a digest of them.\n\nName a"
    ' commit (`{ git = "…", rev = "<40 hexadecimal digits>" }`, or `@<commit>` at the end of the'
    " URL), or use a release in a package index.",
)
