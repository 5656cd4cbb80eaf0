"""The requirements in the locks of all stages, each with the stages that have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.errors import FtiError
from poetry_fti.report.data import Edge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry_fti.model.dependency_graph import DependencyGraph
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


def edges(project: Project, stages: Iterable[ProjectStage]) -> tuple[Edge, ...]:
    """Return the requirements on locked packages in stages whose locks can be read."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for stage in stages:
        graph = _graph(project, stage)
        for key in dict.fromkeys(_requirements(graph)) if graph else ():
            found.setdefault(key, []).append(stage.name)
    return tuple(Edge(*key, tuple(found[key])) for key in sorted(found))


def _graph(project: Project, stage: ProjectStage) -> DependencyGraph | None:
    """Return the dependency graph of a stage; None for a damaged lock.

    Raises ConfigError if Poetry cannot read a requirement in pyproject.toml.
    """
    try:
        return stage.lock.graph_reader(project.pyproject).graph()
    except FtiError:
        raise
    except Exception:  # noqa: BLE001 - Poetry raises any type for damaged text
        return None


def _requirements(graph: DependencyGraph) -> Iterator[tuple[str, str, str]]:
    """Yield the requirer, which is empty for pyproject.toml, the package and the requirement."""
    locked = {package.name for package in graph.packages}
    for each in graph.direct:
        if each.name in locked:
            yield "", each.name, f"{each} ({each.declared})"
    for package in graph.packages:
        for each in package.requires:
            if each.name in locked:
                yield package.name, each.name, str(each)
