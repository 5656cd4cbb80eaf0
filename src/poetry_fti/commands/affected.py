"""`poetry fti affected`: the stages that changes since a git revision affect."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Final

from cleo.helpers import option
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import escape, guarded, load, plain, warning
from poetry_fti.errors import DONE, ConfigError
from poetry_fti.operations.affected.run import affected_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cleo.io.inputs.option import Option

    from poetry_fti.operations.affected.report import AffectedReport, Reason

# The file of a project that the child pipeline includes, and the hidden job in it.
_GITLAB_FILE: Final = "/.gitlab/fti-stage.yml"
_GITLAB_JOB: Final = ".fti-stage"


class AffectedCommand(Command):
    """Prints the affected stages with the reasons, or as input of a CI system."""

    name = "fti affected"
    description = "Lists the pipeline stages that changes since a git revision affect."
    options: ClassVar[list[Option]] = [
        option("since", None, "The git revision to compare with, such as origin/main.", flag=False),
        option(
            "format",
            None,
            "The format of the report: text, json, github or gitlab.",
            flag=False,
            default="text",
        ),
    ]
    help = """\
Compares the working tree with the commit where the current branch left the revision. A stage is
affected if its lock, exported files, settings, requirements, base image, path dependencies or code
differ. The key <comment>paths</comment> of a stage names its code; by default, that is what its
image contains of the project.

<info>poetry fti affected --since origin/main</info>
<info>poetry fti affected --since origin/main --format github >> $GITHUB_OUTPUT</info>"""

    @guarded
    def handle(self) -> int:
        """Print the report; the exit code does not depend on whether a stage is affected."""
        form, revision = self.option("format"), self.option("since")
        if form not in _FORMATS and form != "text":
            known = ", ".join(["text", *_FORMATS])
            raise ConfigError(f'Unknown report format "{form}" (known: {known}).')
        if not revision:
            raise ConfigError("Name the git revision to compare with: --since origin/main.")
        report = affected_stages(load(self, check=False), revision)
        for text in report.warnings:
            warning(self.io, text)
        if form == "text":
            self._print(report, revision)
        else:
            plain(self.io, _FORMATS[form](report, revision))
        return DONE

    def _print(self, report: AffectedReport, revision: str) -> None:
        for changes in report.affected:
            self.line(f"<b>{escape(changes.stage.name)}</b>")
            for reason in changes.reasons:
                self.line(f"  {escape(reason.message)}")
        others = [each.stage.name for each in report.stages if not each.reasons]
        if not report.affected:
            self.line(f"The changes since {escape(revision)} affect no stage.")
        elif others:
            self.line(f"\nNot affected: {escape(', '.join(others))}")
        if report.removed:
            self.line(f"Removed: {escape(', '.join(report.removed))}")


def _json(report: AffectedReport, revision: str) -> str:
    data = {
        "since": revision,
        "base": report.base,
        "stages": [
            {
                "stage": each.stage.name,
                "kind": each.stage.kind,
                "affected": bool(each.reasons),
                "reasons": [_reason(reason) for reason in each.reasons],
            }
            for each in report.stages
        ],
        "removed": list(report.removed),
        "warnings": list(report.warnings),
    }
    return json.dumps(data, indent=2) + "\n"


def _reason(reason: Reason) -> dict[str, Any]:
    paths = [str(path) for path in reason.paths]
    return {"kind": reason.kind, "message": reason.message, "paths": paths}


def _github(report: AffectedReport, _revision: str) -> str:
    """Return the output of a step: `matrix`, which is the matrix of another job."""
    names = [each.stage.name for each in report.affected]
    return f"matrix={json.dumps({'stage': names}, separators=(',', ':'))}\n"


def _gitlab(report: AffectedReport, revision: str) -> str:
    """Return a child pipeline, which must have a job even if no stage is affected."""
    return "\n".join([*_gitlab_lines(report, revision), ""])


def _gitlab_lines(report: AffectedReport, revision: str) -> Iterator[str]:
    yield f"# The stages that are affected by the changes since {json.dumps(revision)}."
    if not report.affected:
        yield from ('"no stage is affected":', "  script:", '    - "true"')
        return
    yield from ("include:", f'  - local: "{_GITLAB_FILE}"')
    for each in report.affected:
        name = each.stage.name
        yield f'"stage {name}":'
        yield from (f'  extends: "{_GITLAB_JOB}"', "  variables:", f'    STAGE: "{name}"')


_FORMATS: Final[Mapping[str, Callable[[AffectedReport, str], str]]] = {
    "json": _json,
    "github": _github,
    "gitlab": _gitlab,
}
