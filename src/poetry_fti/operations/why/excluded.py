"""What excludes a version from a stage, in sentences that name the places in pyproject.toml."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from poetry_fti.config.messages import stage_path
from poetry_fti.operations.why.report import Excluded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.agreement.restrictions import Restriction
    from poetry_fti.bridge.solving.exclusion.possibility import Possibility
    from poetry_fti.model.dependency_graph import DependencyGraph
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage
    from poetry_fti.operations.why.report import Remedy

_OVERRIDES: Final = "tool.fti.overrides"


def excluded_version(
    project: Project,
    stage: ProjectStage,
    limit: tuple[NormalizedName, Version],
    answer: Possibility,
) -> Excluded:
    """Return what excludes a version of a package from a stage that cannot have it."""
    name, version = limit
    graph = stage.lock.graph_reader(project.pyproject).graph()
    return Excluded(
        version=version,
        stages=tuple(
            each.name
            for each in project.stages
            if each is not stage and version in each.versions.get(name, ())
        ),
        remedies=tuple(
            replace(
                remedy,
                restrictions=_explained(_Sentences(project, stage, graph, remedy, limit), remedy),
            )
            for remedy in answer.remedies
        ),
        reason="" if answer.remedies else answer.text,
    )


def _explained(
    sentences: _Sentences, remedy: Remedy
) -> tuple[tuple[Restriction, tuple[str, ...]], ...]:
    return tuple((each, tuple(sentences.of(each, texts))) for each, texts in remedy.restrictions)


@dataclass(frozen=True, slots=True)
class _Sentences:
    """Sentences on the restrictions of pyproject.toml that exclude a version from a stage."""

    project: Project
    stage: ProjectStage
    graph: DependencyGraph
    remedy: Remedy
    limit: tuple[NormalizedName, Version]

    def of(self, restriction: Restriction, texts: Sequence[str]) -> Sequence[str]:
        """Return the sentences on a restriction; `texts` are those of the solver's proofs."""
        if restriction.kind == "override":
            return list(self._overrides(restriction.package)) or texts
        if restriction.kind == "requirement" and not restriction.by:
            return list(self._requirements(restriction.package)) or texts
        if restriction.kind == "python" and self.stage.python:
            return [f"{text}, and the stage has Python {self.stage.python}" for text in texts]
        return texts

    def _requirements(self, package: NormalizedName) -> Iterator[str]:
        name, version = self.limit
        # Requirements that allow the versions of the remedy need not change.
        found = {change.name: change.after for change in self.remedy.changes} | {name: (version,)}
        after = found.get(package, ())
        for each in self.graph.direct:
            is_satisfied = bool(after) and all(map(each.requirement.allows, after))
            is_relevant = any(map(str, each.requirement.ranges)) and not is_satisfied
            if each.name == package and is_relevant:
                yield f"pyproject.toml requires {each} ({each.declared})"

    def _overrides(self, package: NormalizedName) -> Iterator[str]:
        stages = self.project.config.stages
        own = {
            name for each in stages if each.name == self.stage.name for name, _ in each.overrides
        }
        for name, versions in self.stage.stage.overrides:
            if name == package:
                is_own = name in map(canonicalize_name, own)
                path = stage_path(self.stage.name, "overrides") if is_own else _OVERRIDES
                yield f"{path} requires {name} {versions}"
