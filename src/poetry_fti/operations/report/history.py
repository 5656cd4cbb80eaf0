"""How the locks of stages have changed over the commits of a git repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from poetry_fti.checks.shared.facts import CheckedStage
from poetry_fti.operations.comparison import origin_texts
from poetry_fti.operations.diff.differences import differences, lock_size
from poetry_fti.operations.diff.past import PastProject
from poetry_fti.ports.git import find_repository
from poetry_fti.ports.history import commits_of, is_shallow
from poetry_fti.report.data import History, Moment, Move, StagePoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_fti.operations.diff.differences import Difference, Differences, Entry
    from poetry_fti.operations.project import Project
    from poetry_fti.ports.git import Repository
    from poetry_fti.ports.history import Commit

_Locks: TypeAlias = "Mapping[str, CheckedStage]"


def history(project: Project, now: Sequence[CheckedStage], most: int) -> History:
    """Return the locks of stages in the newest commits that have changed one, and as they are now.

    `now` are the stages whose locks can be read. Stages and their folders are those that the
    project has now. Raises FtiError if there is no git repository, or if git cannot read it.
    """
    repository = find_repository(project.root)
    paths = [repository.prefix / stage.folder / "poetry.lock" for stage in project.stages]
    found = commits_of(repository, paths, most + 1)
    commits = found[:most][::-1]
    names = [stage.name for stage in project.stages]
    moments: list[Moment] = []
    before: _Locks = {}
    for commit, locks in _past(project, repository, commits, names):
        points = _points(before, locks, moments)
        moments.append(
            Moment(commit=commit.short, date=commit.date, subject=commit.subject, stages=points)
        )
        before = locks
    points = _points(before, {stage.name: stage for stage in now}, moments)
    is_changed = any(each.moves for each in points.values())
    if is_changed or not moments or points.keys() != moments[-1].stages.keys():
        moments.append(Moment(commit="", date="", subject="", stages=points))
    return History(tuple(moments), _note(repository, is_cut=len(found) > most))


def _note(repository: Repository, *, is_cut: bool) -> str:
    if is_cut:
        return "Earlier commits are left out."
    return "This clone is shallow: it lacks earlier commits." if is_shallow(repository) else ""


def _past(
    project: Project, repository: Repository, commits: Sequence[Commit], names: Sequence[str]
) -> Iterator[tuple[Commit, _Locks]]:
    """Yield each commit with the locks that it has; a lock that has not changed is read once."""
    previous: PastProject | None = None
    before: _Locks = {}
    for commit in commits:
        past = PastProject(project, repository, commit.hash)
        locks: dict[str, CheckedStage] = {}
        for name in names:
            if previous and name in before and past.has_same(name, previous):
                locks[name] = before[name]
            elif isinstance(found := past.stage(name), CheckedStage):
                locks[name] = found
        yield commit, locks
        previous, before = past, locks


def _points(before: _Locks, after: _Locks, moments: Sequence[Moment]) -> Mapping[str, StagePoint]:
    """Return the locks of a moment with the changes since the last of `moments`."""
    points = {}
    for name, stage in after.items():
        if name not in before:
            size = lock_size(stage)
            points[name] = StagePoint(packages=size.packages, download=size.download)
        elif before[name] is stage:
            last = moments[-1].stages[name]
            points[name] = StagePoint(packages=last.packages, download=last.download)
        else:
            points[name] = _changed(differences(before[name], stage))
    return points


def _changed(found: Differences) -> StagePoint:
    return StagePoint(
        packages=found.after.packages,
        download=found.after.download,
        moves=tuple(Move(each.name, *_versions(each)) for each in found.found),
    )


def _versions(difference: Difference) -> tuple[str, str]:
    entries = (difference.before, difference.after)
    origins = origin_texts(each for entry in entries if entry for each in entry.versions)

    def text(entry: Entry | None) -> str:
        versions = entry.versions if entry else ()
        return ", ".join(f"{each} {origins[each]}".rstrip() for each in versions)

    return text(difference.before), text(difference.after)
