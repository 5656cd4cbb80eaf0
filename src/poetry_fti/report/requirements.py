"""What the page's script needs to draw the dependency graph of a package, as JSON data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poetry_fti.report.data import Report


def graph_data(report: Report) -> dict[str, Any]:
    """Return stages, packages, requirements, and notes on packages.

    Packages and stages are numbers, and each set of stages is listed once: a requirement is a list
    of its requirer (-1 for pyproject.toml), the package, the version constraint, and the number of
    its set of stages.
    """
    stages = {stage.name: index for index, stage in enumerate(report.readable)}
    names = {package.name: index for index, package in enumerate(report.packages)}
    sets: dict[tuple[int, ...], int] = {}
    edges = []
    for edge in report.edges:
        if edge.package in names and (edge.by in names or not edge.by):
            where = tuple(stages[name] for name in edge.stages if name in stages)
            number = sets.setdefault(where, len(sets))
            by = names[edge.by] if edge.by else -1
            constraint = edge.requirement.removeprefix(edge.package).strip()
            edges.append([by, names[edge.package], constraint, number])
    return {
        "stages": list(stages),
        "packages": list(names),
        "sets": [list(each) for each in sets],
        "edges": edges,
        "notes": {
            names[each.name]: [*each.reasons, *each.findings]
            for each in report.packages
            if each.reasons or each.findings
        },
    }
