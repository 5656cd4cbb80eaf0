"""`poetry fti why`: explain why stages contain a package."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import argument, option
from packaging.utils import canonicalize_name
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import error, escape, guarded, load, plain, warning
from poetry_fti.commands.shared.options import REPORT_FORMAT, wants_json
from poetry_fti.commands.shared.why_report import possible_lines, stage_lines, why_data
from poetry_fti.errors import DONE, FAILED
from poetry_fti.operations.why.find import find_why
from poetry_fti.wording import named_stages

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option

    from poetry_fti.operations.why.find import Why


class WhyCommand(Command):
    """Explains by which requirements stages contain a package."""

    name = "fti why"
    description = "Explains why pipeline stages contain a package."
    arguments: ClassVar[list[Argument]] = [
        argument("package", "The name of the package."),
        argument("stage", "The name of the stage (default: all).", optional=True),
    ]
    options: ClassVar[list[Option]] = [
        option("all", None, "Print all paths to the package instead of the shortest ones."),
        REPORT_FORMAT,
    ]
    help = """\
Prints the versions of a package in the locks of the stages, the requirements on it and, for each
requirement, the shortest path from <comment>pyproject.toml</comment>. For a package that no stage
contains, prints what would add it. Only locks are read: neither an index nor the solver is used.

<info>poetry fti why numpy</info>
<info>poetry fti why numpy training --all</info>"""

    @guarded
    def handle(self) -> int:
        """Print a block of lines for each stage that contains the package."""
        json_wanted = wants_json(self)
        project, stage = load(self), self.argument("stage")
        stages = project.select([stage] if stage else [])
        name = canonicalize_name(self.argument("package"))
        all_paths: bool = self.option("all")
        why = find_why(project, name, stages, all_paths=all_paths)
        for text in why.warnings:
            warning(self.io, text)
        if json_wanted:
            plain(self.io, json.dumps(why_data(why), indent=2) + "\n")
        else:
            self._print(why, all_paths=all_paths)
        return DONE if why.stages else FAILED

    def _print(self, why: Why, *, all_paths: bool) -> None:
        if why.message:
            error(self.io, why.message)
        for index, found in enumerate(why.stages):
            first, *lines = stage_lines(why.package, found, all_paths=all_paths)
            blank = "\n" if index else ""
            self.line(f"{blank}<b>{escape(first)}</b>")
            for line in lines:
                self.line(escape(line))
        for line in possible_lines(why.possible):
            self.line(escape(line))
        if why.stages and why.without:
            verb = "does" if len(why.without) == 1 else "do"
            text = f"{named_stages(why.without)} {verb} not contain {why.package}."
            self.line(f"\n{escape(text)}")
