"""`poetry fti diff`: compare the locks of stages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar, Final

from cleo.helpers import argument, option
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import guarded, load, plain, warning
from poetry_fti.commands.shared.diff.overview import (
    overview_data,
    overview_markdown,
    overview_text,
)
from poetry_fti.errors import DONE, ConfigError
from poetry_fti.operations.diff.overview import overview
from poetry_fti.wording import in_quotes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option

    from poetry_fti.operations.project import Project

_PAIR: Final = 2


class DiffCommand(Command):
    """Compares the locks of stages, as they are on disk."""

    name = "fti diff"
    description = "Compares the locks of the pipeline stages."
    arguments: ClassVar[list[Argument]] = [
        argument(
            "stages",
            "Two stages to compare, or with --since any number (default: all).",
            optional=True,
            multiple=True,
        )
    ]
    options: ClassVar[list[Option]] = [
        option("since", None, "Compare with the locks of a git revision.", flag=False),
        option(
            "format",
            None,
            "The format of the report: text, json or markdown.",
            flag=False,
            default="text",
        ),
    ]
    help = """\
Prints how many packages the stages have and share, and where their versions differ and why. Of two
stages, all packages are listed that one of them does not have, or has at another version. With
--since, the locks are compared with those of a git revision.

The locks are compared as they are on disk: no package index is used, and nothing is solved.

<info>poetry fti diff</info>
<info>poetry fti diff training inference</info>
<info>poetry fti diff --since main</info>"""

    @guarded
    def handle(self) -> int:
        """Print the comparison."""
        form = self._format()
        project = load(self, check=False)
        if not all(map(project.is_fresh, project.stages)):
            project.require_accepted()
        stages: list[str] = self.argument("stages")
        revision: str | None = self.option("since")
        if revision is not None:
            self._compare_since(project, form, stages, revision)
        elif stages:
            self._compare_pair(project, form, _two(stages))
        else:
            self._compare_all(project, form)
        return DONE

    def _compare_all(self, project: Project, form: str) -> None:
        found = overview(project)
        self._warn(found.problems)
        self._print(form, overview_text(found), overview_markdown(found), overview_data(found))

    def _compare_pair(self, project: Project, form: str, stages: tuple[str, str]) -> None:
        # What only one form of the command needs is imported by it.
        from poetry_fti.commands.shared.diff import pair as report  # noqa: PLC0415
        from poetry_fti.operations.diff.pair import compare_pair  # noqa: PLC0415

        found = compare_pair(project, *stages)
        self._warn(found.problems)
        self._print(
            form, report.pair_text(found), report.pair_markdown(found), report.pair_data(found)
        )

    def _compare_since(
        self, project: Project, form: str, stages: Sequence[str], revision: str
    ) -> None:
        from poetry_fti.commands.shared.diff import since as report  # noqa: PLC0415
        from poetry_fti.operations.diff.since import compare_since  # noqa: PLC0415

        found = compare_since(project, stages, revision)
        self._warn(found.problems)
        self._print(
            form, report.since_text(found), report.since_markdown(found), report.since_data(found)
        )

    def _warn(self, problems: Iterable[str]) -> None:
        for problem in problems:
            warning(self.io, problem)

    def _format(self) -> str:
        wanted: str = self.option("format")
        known = ("text", "json", "markdown")
        if wanted not in known:
            raise ConfigError(f'Unknown report format "{wanted}" (known: {", ".join(known)}).')
        return wanted

    def _print(
        self, form: str, text: Iterable[str], markdown: Iterable[str], data: dict[str, Any]
    ) -> None:
        if form == "json":
            plain(self.io, json.dumps(data, indent=2) + "\n")
        elif form == "markdown":
            plain(self.io, "".join(f"{line}\n" for line in markdown))
        else:
            for line in text:
                self.line(line)


def _two(stages: Sequence[str]) -> tuple[str, str]:
    if len(stages) != _PAIR:
        raise ConfigError(
            "Name two stages to compare them, or none to compare all stages. To compare stages with"
            " a git revision, add `--since REV`."
        )
    first, second = stages
    if first == second:
        raise ConfigError(f"The stage {in_quotes(first)} is named twice. Name two stages.")
    return first, second
