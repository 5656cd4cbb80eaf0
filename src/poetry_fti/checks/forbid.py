"""Check `forbid`: a stage contains no package that its configuration forbids."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from poetry_fti.checks import Check, Finding
from poetry_fti.checks.shared.chains import shortest_chain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.utils import NormalizedName

    from poetry_fti.checks.shared.facts import CheckedProject, CheckedStage


def _find(project: CheckedProject) -> Iterator[Finding]:
    for stage in project.stages:
        for index, pattern in enumerate(stage.stage.forbid):
            names = {each.name for each in stage.packages if fnmatchcase(each.name, pattern)}
            for name in sorted(names):
                yield _finding(stage, name, f"{stage.path}.forbid[{index}]")


def _finding(stage: CheckedStage, name: NormalizedName, path: str) -> Finding:
    chain = shortest_chain(stage, name)
    versions = sorted({each.version for each in stage.packages if each.name == name})
    return Finding(
        check="forbid",
        level="error",
        stage=stage.name,
        package=name,
        message=f"{name} {', '.join(map(str, versions))} is forbidden in this stage",
        because=f"required by pyproject.toml -> {' -> '.join(chain)}" if chain else "",
        fix=_fix(stage, chain),
        path=path,
    )


def _fix(stage: CheckedStage, chain: list[NormalizedName]) -> str:
    if len(chain) == 1:
        return f"Remove {chain[0]} from the dependency groups of {stage.name}"
    name = f" {chain[-1]}" if chain else " the package"
    parent = f" if {chain[-2]} works without it" if chain else ""
    return f"Leave{name} out with `exclude` of {stage.path}{parent}"


CHECK: Final = Check(
    _find,
    "a stage contains no package that its key `forbid` names",
    "`forbid` lists packages that must not be in a stage, such as `nvidia-*` in a stage that serves"
    " on CPUs, or `jupyter*` in production. A finding names the chain of requirements that brings"
    " the package in.\n\nRemove the requirement, or leave the package out with `exclude` if the"
    " package that requires it works without it.",
)
