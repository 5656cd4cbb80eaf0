"""Check `exported`: files of earlier exports are as an export would write them now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.checks import Check, Finding
from poetry_fti.wording import in_one_line, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.checks import FindingLevel
    from poetry_fti.checks.shared.facts import CheckedProject, ExportedFiles, ExportState

# The level, and what is said of one file and of several.
_STATES: Final[Mapping[ExportState, tuple[FindingLevel, str, str]]] = {
    "outdated": (
        "error",
        "differs from what the lock and pyproject.toml export",
        "differ from what the lock and pyproject.toml export",
    ),
    "missing": (
        "error",
        "is missing beside the files that are exported with it",
        "are missing beside the files that are exported with them",
    ),
    "obsolete": ("warning", "is no longer used", "are no longer used"),
    "unused": (
        "warning",
        "is no longer updated by any export",
        "are no longer updated by any export",
    ),
    "unknown": (
        "warning",
        "is not compared: its layers depend on sizes of packages, which are unknown",
        "are not compared: their layers depend on sizes of packages, which are unknown",
    ),
}
_FIXES: Final[Mapping[ExportState, str]] = {
    "unused": "Delete {it}",
    "unknown": "Compare {it} with `{command} --check`, or export the format pylock, too",
}


def _find(project: CheckedProject) -> Iterator[Finding]:
    stale = {stage.name for stage in project.stages if stage.problem}
    fresh = [stage.name for stage in project.stages if not stage.problem]
    # A stage with a stale lock cannot be exported.
    command = " ".join(["poetry fti export", *(fresh if stale else ())])
    for each in project.exports():
        if each.stage not in stale:
            yield _finding(each, f"poetry fti export {each.stage}" if each.stage else command)


def _finding(files: ExportedFiles, command: str) -> Finding:
    if files.state == "failed":
        level: FindingLevel = "error"
        message = f"`{command}` fails, so the files of earlier exports may be outdated"
        because = in_one_line(files.reason).removesuffix(".")
        fix = f"Solve the problem, then run `{command}`"
    else:
        level, one, several = _STATES[files.state]
        paths = joined(map(in_one_line, files.paths))
        message, because = f"{paths} {one if len(files.paths) == 1 else several}", ""
        it = "it" if len(files.paths) == 1 else "them"
        fix = _FIXES.get(files.state, "Run `{command}`").format(it=it, command=command)
    return Finding(
        check="exported",
        level=level,
        stage=files.stage,
        message=message,
        because=because,
        fix=fix,
        path=f"tool.fti.stages.{files.stage}" if files.stage else "tool.fti.exports",
    )


CHECK: Final = Check(
    _find,
    "files of earlier exports are as an export would write them now",
    "What is installed or built from a file of an earlier export is what was locked when the file"
    " was written. The files of stages whose locks are stale are not looked at. No index is"
    " used, so a Dockerfile is compared only if the stage's pylock file contains the sizes of its"
    " packages, on which the layers depend; otherwise that is a warning."
    "\n\nRun `poetry fti export` after `poetry fti lock`, and commit the files with the"
    " locks.",
)
