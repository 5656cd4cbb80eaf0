"""`poetry fti check`: find what is wrong in and between stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from cleo.helpers import option
from poetry.console.commands.command import Command

from poetry_fti.checks import load_check
from poetry_fti.commands.shared.console import escape, guarded, load, warning
from poetry_fti.commands.shared.findings.output import print_findings
from poetry_fti.commands.shared.options import FINDINGS_FORMAT, STAGES, findings_format
from poetry_fti.errors import DONE
from poetry_fti.model.check import CHECKS
from poetry_fti.operations.check.run import CheckRequest, chosen_checks, run_checks

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option


_WIDTH: Final = max(map(len, CHECKS))


class CheckCommand(Command):
    """Runs the checks and prints what they find."""

    name = "fti check"
    description = "Finds what is wrong in and between the pipeline stages."
    arguments: ClassVar[list[Argument]] = [STAGES]
    options: ClassVar[list[Option]] = [
        FINDINGS_FORMAT,
        option("only", None, "A check to run (may be repeated).", flag=False, multiple=True),
        option("skip", None, "A check to leave out (may be repeated).", flag=False, multiple=True),
        option("strict", None, "Exit with 3 if there are only warnings, too."),
        # All checks read locks, files and caches, so that it needs no code.
        option("offline", None, "Use no network (as all checks do)."),
        option("explain", None, "Describe a check instead of running it.", flag=False),
    ]
    help = "\n".join(
        [
            "Runs these checks, all of them by default:",
            "",
            *(f"  <c1>{name:{_WIDTH}}</c1>  {load_check(name).summary}" for name in CHECKS),
            "",
            "The exit code is 3 if there are errors. Levels and waivers are set in",
            "<comment>[tool.fti.check]</comment>.",
        ]
    )

    @guarded
    def handle(self) -> int:
        """Print the findings, or the description of a check."""
        if (explained := self.option("explain")) is not None:
            (name,) = chosen_checks([explained], [])
            self.line(escape(f"{name}: {load_check(name).summary}.\n\n{_described(name)}"))
            return DONE
        form = findings_format(self)
        checks = chosen_checks(self.option("only"), self.option("skip"))
        project = load(self, check=False)
        if not all(map(project.is_fresh, project.stages)):
            project.require_accepted()
        stages = tuple(self.argument("stages"))
        report = run_checks(project, CheckRequest(stages=stages, checks=checks))
        for name in dict.fromkeys(self.option("only")):
            if name not in report.checks:
                warning(self.io, f'{name} was not run: tool.fti.check.{name} is "off".')
        for text in report.unused_waivers:
            warning(self.io, text)
        described = {name: load_check(name) for name in report.checks}
        return print_findings(self, form, report, described, project)


def _described(name: str) -> str:
    off = f'Turn it off with `{name} = "off"` in [tool.fti.check], also in a stage\'s own table.'
    return f"{load_check(name).explanation}\n\n{off}"
