"""What the page's script shows of a package, as JSON data: requirements, notes and history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poetry_fti.report.history import moment_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poetry_fti.report.data import Moment, Report


def package_data(report: Report) -> dict[str, Any]:
    """Return stages, packages, requirements, notes on packages, and how their versions changed.

    Packages and stages are numbers, and each set of stages is listed once: a requirement is a list
    of its requirer (-1 for pyproject.toml), the package, the version constraint, and the number of
    its set of stages. A change of a version is a list of the moment, the stage, and the versions
    before and after; the newest comes first.
    """
    stages = {stage.name: index for index, stage in enumerate(report.readable)}
    names = {package.name: index for index, package in enumerate(report.packages)}
    moments = report.history.moments if report.history else ()
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
        "moments": [moment_text(each) for each in moments],
        "moves": _moves(moments, names),
    }


def _moves(
    moments: Sequence[Moment], names: Mapping[str, int]
) -> dict[int, list[tuple[int, str, str, str]]]:
    found: dict[int, list[tuple[int, str, str, str]]] = {}
    for index, moment in reversed(list(enumerate(moments))):
        for stage, point in moment.stages.items():
            for move in point.moves:
                if move.package in names:
                    entry = (index, stage, move.before, move.after)
                    found.setdefault(names[move.package], []).append(entry)
    return found
