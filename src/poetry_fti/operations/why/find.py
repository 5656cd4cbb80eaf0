"""Finds out why stages contain a package, or what would add it, from their locks alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from packaging.utils import canonicalize_name

from poetry_fti.agreement.deductions import OVERRIDE
from poetry_fti.agreement.paths import MOST_PATHS, RequiredBy, Requirers, requirers
from poetry_fti.config.import_names import package_suggestion
from poetry_fti.errors import FtiError
from poetry_fti.model.origins import IndexOrigin
from poetry_fti.wording import in_one_line, joined, named_stages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.bridge.lock.locker import LockState
    from poetry_fti.model.dependency_graph import Dependency
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage

__all__ = [
    "MOST_PATHS",
    "OVERRIDE",
    "Possible",
    "RequiredBy",
    "Requirers",
    "StageWhy",
    "Why",
    "find_why",
]

Condition: TypeAlias = Literal["extra", "marker", "exclude"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageWhy:
    """A stage that contains a package: its versions in the lock, and what requires it.

    `is_from_index` is false for a package from a path, a URL or a repository. `is_overridden` is
    true if an override replaces what other packages require.
    """

    stage: str
    lock: LockState
    versions: tuple[Version, ...]
    is_from_index: bool
    is_overridden: bool
    requirers: Requirers


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """What would add a package to a stage that does not contain it.

    Attributes:
        condition: an `extra` of a locked package requires it; a requirement does not apply, because
            its `marker` is false on the stage's targets; or the stage has the package in `exclude`.
        by: the requiring package with its version, or `pyproject.toml`; empty for `exclude`.
        dependency: the requirement; None for `exclude`.
    """

    stage: str
    condition: Condition
    by: str = ""
    dependency: Dependency | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why stages contain a package, or what would add it.

    Attributes:
        stages: the selected stages that contain it.
        without: the names of the selected stages that do not.
        skipped: the names of the selected stages whose locks cannot be read.
        possible: what would add it, if no selected stage contains it.
        message: a sentence for a package that no selected stage contains, otherwise empty.
        warnings: a sentence for each selected stage whose lock is not fresh.
    """

    package: NormalizedName
    stages: tuple[StageWhy, ...]
    without: tuple[str, ...]
    skipped: tuple[str, ...]
    possible: tuple[Possible, ...] = ()
    message: str = ""
    warnings: tuple[str, ...] = ()


def find_why(
    project: Project,
    name: NormalizedName,
    stages: Sequence[ProjectStage],
    *,
    all_paths: bool = False,
) -> Why:
    """Return why stages contain a package, by the locks on disk; stale ones are read, too.

    Each requirement on the package has its shortest path, with `all_paths` all of them. Raises
    FtiError if no lock of the stages can be read, ConfigError for a requirement in pyproject.toml
    that Poetry cannot read.
    """
    states = {stage.name: project.quick_status(stage) for stage in stages}
    read = {
        stage.name: _read(project, stage, name, all_paths=all_paths)
        for stage in stages
        if states[stage.name].is_readable
    }
    usable = [stage for stage in stages if read.get(stage.name) is not None]
    problems = [
        project.problem(stage)
        for stage in stages
        if states[stage.name].state != "fresh" or stage not in usable
    ]
    if not usable:
        raise FtiError("\n".join(problems))
    found = tuple(
        StageWhy(
            stage=stage.name,
            lock=states[stage.name].state,
            versions=stage.versions[name],
            is_from_index=any(
                isinstance(locked.origin, IndexOrigin) for locked in stage.locked_versions[name]
            ),
            is_overridden=name in dict(stage.stage.overrides),
            requirers=required,
        )
        for stage in usable
        if (required := read[stage.name]) and name in stage.versions
    )
    having = {each.stage for each in found}
    return Why(
        package=name,
        stages=found,
        without=tuple(stage.name for stage in usable if stage.name not in having),
        skipped=tuple(stage.name for stage in stages if stage not in usable),
        possible=() if found else tuple(_possible(project, name, usable)),
        message="" if found else _absence(project, name, usable),
        warnings=tuple(problems),
    )


def _read(
    project: Project, stage: ProjectStage, name: NormalizedName, *, all_paths: bool
) -> Requirers | None:
    """Return the requirements on a package in a stage that has it; None for a damaged lock.

    Raises ConfigError if Poetry cannot read a requirement in pyproject.toml.
    """
    try:
        if name not in stage.versions:
            return Requirers()
        graph = stage.lock.graph_reader(project.pyproject).graph()
    except FtiError:
        raise
    except Exception:  # noqa: BLE001 - Poetry raises any type for damaged text
        return None
    return requirers(graph, name, all_paths=all_paths)


def _absence(project: Project, name: NormalizedName, stages: Sequence[ProjectStage]) -> str:
    """Return a sentence on a package that none of the stages contains."""
    shown = in_one_line(name)
    elsewhere = [stage.name for stage in project.stages if name in stage.versions]
    own = [stage.name for stage in stages]
    if elsewhere:
        verb = "does" if len(elsewhere) == 1 else "do"
        return f"{joined(own)} does not contain {shown}, but {named_stages(elsewhere)} {verb}."
    known = {each for stage in project.stages for each in stage.versions}
    where = "No stage contains" if len(own) > 1 else f"{joined(own)} does not contain"
    return f"{where} {shown}{package_suggestion(name, known) or '.'}"


def _possible(
    project: Project, name: NormalizedName, stages: Sequence[ProjectStage]
) -> Iterator[Possible]:
    """Yield what would add a package to stages; raises FtiError for a damaged lock."""
    for stage in stages:
        if name in stage.stage.exclude:
            yield Possible(stage=stage.name, condition="exclude")
        try:
            found = list(_required(project, name, stage))
        except FtiError:
            raise
        except Exception as error:
            raise FtiError(project.problem(stage)) from error
        for condition, by, dependency in found:
            yield Possible(stage=stage.name, condition=condition, by=by, dependency=dependency)


def _required(
    project: Project, name: NormalizedName, stage: ProjectStage
) -> Iterator[tuple[Condition, str, Dependency]]:
    """Yield the requirements on a package that do not apply in a stage, and why not."""
    for by, dependency in stage.lock.graph_reader(project.pyproject).inapplicable(name):
        yield "marker", by, dependency
    # Reading what extras require takes longer than all the rest.
    if name in canonicalize_name(stage.lock.text):
        complete = stage.lock.graph_reader(project.pyproject, with_extras=True)
        for by, dependency in complete.of_extras(name):
            yield "extra", by, dependency
