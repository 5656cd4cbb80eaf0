"""Compares the locks of stages with those of a git revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.checks.skew import judge, load_facts
from poetry_fti.operations.check.stages import checked_stage
from poetry_fti.operations.diff.differences import differences, lock_size
from poetry_fti.operations.diff.history import Crossing, History, StageHistory
from poetry_fti.operations.diff.past import PastProject, UnreadableLock
from poetry_fti.operations.diff.readable import require_readable
from poetry_fti.ports.git import find_repository

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_fti.checks.shared.facts import CheckedStage
    from poetry_fti.operations.diff.differences import Difference
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


def compare_since(project: Project, names: Sequence[str], revision: str) -> History:
    """Compare the locks of stages, by default all, with those of a git revision.

    The revision stands for its common ancestor with HEAD, see `Repository.base`. Stages are
    matched by their names. A stage whose lock cannot be read now is left out. Raises FtiError if it
    is named, if there is no repository or revision, or if a shallow clone lacks the revision;
    ConfigError for an unknown stage.
    """
    selected = project.select(names)
    repository = find_repository(project.root)
    commit = repository.base(revision)
    past = PastProject(project, repository, commit)
    stages = {each.name: checked_stage(project, each) for each in selected if not past.has(each)}
    for stage in stages.values() if names else ():
        require_readable(project, stage)
    known = {stage.name for stage in project.stages}
    removed = [name for name in past.locked if name not in known and not names]
    return History(
        revision=revision,
        commit=commit,
        stages=(
            *(
                _compared(stages.get(each.name), past, each.name)
                for each in selected
                if each.name not in stages or stages[each.name].is_readable
            ),
            *(_removed(name, past.stage(name)) for name in removed),
        ),
        problems=tuple(filter(None, (_problem(project, each, stages) for each in selected))),
    )


def _problem(project: Project, stage: ProjectStage, read: Mapping[str, CheckedStage]) -> str:
    """Return why a lock is not fresh; empty for a fresh one. `read` are the stages read so far."""
    if stage.name in read:
        return read[stage.name].problem
    return "" if project.is_fresh(stage) else project.problem(stage)


def _compared(stage: CheckedStage | None, past: PastProject, name: str) -> StageHistory:
    """Return the changes of a stage; None stands for one that is as it was."""
    if stage is None:
        return StageHistory(name=name, state="unchanged")
    before = past.stage(name)
    if before is None:
        return StageHistory(name=name, state="new", after=lock_size(stage))
    if isinstance(before, UnreadableLock):
        after, reason = lock_size(stage), before.reason
        return StageHistory(name=name, state="unreadable", reason=reason, after=after)
    found = differences(before, stage)
    return StageHistory(
        name=name,
        state="changed" if found.found else "unchanged",
        before=found.before,
        after=found.after,
        differences=found,
        crossings=tuple(_crossings(before, found.changed)),
    )


def _removed(name: str, past: CheckedStage | UnreadableLock | None) -> StageHistory:
    before = None if past is None or isinstance(past, UnreadableLock) else lock_size(past)
    return StageHistory(name=name, state="removed", before=before)


def _crossings(past: CheckedStage, changed: Sequence[Difference]) -> Iterator[Crossing]:
    facts = load_facts().packages if changed else {}
    packages = {package.name for package in past.packages}
    for each in changed:
        if each.name in facts and each.before and each.after:
            before, after = (entry.versions[-1].version for entry in (each.before, each.after))
            judged = judge(facts[each.name], before, after, producer_packages=packages)
            # Several boundaries may break the same.
            crossed = {found.breaks: found for found in judged.crossings}
            yield from (Crossing(each.name, before, after, found) for found in crossed.values())
