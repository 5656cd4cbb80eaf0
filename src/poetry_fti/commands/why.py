"""`poetry fti why`: explain why stages contain a package."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import argument, option
from packaging.utils import canonicalize_name
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import (
    error,
    escape,
    feedback_of,
    guarded,
    load,
    plain,
    warning,
)
from poetry_fti.commands.shared.options import REPORT_FORMAT, wants_json
from poetry_fti.commands.shared.reports.newest import newest_lines
from poetry_fti.commands.shared.reports.why import possible_lines, stage_lines, why_data
from poetry_fti.errors import DONE, FAILED, FtiError
from poetry_fti.operations.why.find import find_why
from poetry_fti.wording import named_stages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option

    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage
    from poetry_fti.operations.why.find import Why
    from poetry_fti.operations.why.report import NewestIn


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
        option(
            "newest",
            None,
            "Also find out what prevents newer versions, with the package index and the solver.",
        ),
        REPORT_FORMAT,
    ]
    help = """\
Prints the versions of a package in the locks of the stages, the requirements on it and, for each
requirement, the shortest path from <comment>pyproject.toml</comment>. For a package that no stage
contains, prints what would add it. Only locks are read: neither an index nor the solver is used.

With <info>--newest</info>, stages are solved for the newest release of the package and for newer
versions of other stages. Printed is the update that results in them, or which requirements and
settings would have to change, and which other packages change as well. No file is written.

<info>poetry fti why numpy</info>
<info>poetry fti why numpy training --all</info>
<info>poetry fti why numpy --newest</info>"""

    loggers: ClassVar[list[str]] = ["poetry.repositories.pypi_repository"]

    @guarded
    def handle(self) -> int:
        """Print a block of lines for each stage that contains the package."""
        json_wanted = wants_json(self)
        project, stage = load(self), self.argument("stage")
        stages = project.select([stage] if stage else [])
        name = canonicalize_name(self.argument("package").strip())
        if not name:
            raise FtiError("Name a package: poetry fti why PACKAGE")
        all_paths: bool = self.option("all")
        why = find_why(project, name, stages, all_paths=all_paths)
        for text in why.warnings:
            warning(self.io, text)
        newest = self._newest(project, why, stages) if self.option("newest") else {}
        if json_wanted:
            plain(self.io, json.dumps(why_data(why, newest), indent=2) + "\n")
        else:
            self._print(why, newest, all_paths=all_paths)
            if not self.option("newest"):
                self._print_hint(why)
        return DONE if why.stages else FAILED

    def _newest(
        self, project: Project, why: Why, stages: Sequence[ProjectStage]
    ) -> dict[str, NewestIn]:
        # The resolver takes long to import.
        from poetry_fti.operations.why.newest import find_newest  # noqa: PLC0415

        return find_newest(project, why.package, stages, feedback_of(self))

    def _print_hint(self, why: Why) -> None:
        """Print how to find out more, if there may be newer versions."""
        if any(each.lock == "fresh" and each.is_from_index for each in why.stages):
            words = [why.package, *([self.argument("stage")] if self.argument("stage") else ())]
            command = f"<info>poetry fti why {escape(' '.join(words))} --newest</info>"
            self.line(f"\nRun {command} to find out what prevents newer versions.")

    def _print(self, why: Why, newest: Mapping[str, NewestIn], *, all_paths: bool) -> None:
        if why.message:
            error(self.io, why.message)
        for index, found in enumerate(why.stages):
            first, *lines = stage_lines(why.package, found, all_paths=all_paths)
            blank = "\n" if index else ""
            self.line(f"{blank}<b>{escape(first)}</b>")
            if found.stage in newest:
                lines += newest_lines(why.package, newest[found.stage], newest)
            for line in lines:
                self.line(escape(line))
        for line in possible_lines(why.possible):
            self.line(escape(line))
        if why.stages and why.without:
            verb = "does" if len(why.without) == 1 else "do"
            text = f"{named_stages(why.without)} {verb} not contain {why.package}."
            self.line(f"\n{escape(text)}")
