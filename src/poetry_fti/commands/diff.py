"""`poetry fti diff`: compare the locks of stages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import option
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import guarded, load, plain, warning
from poetry_fti.commands.shared.diff.overview import (
    overview_data,
    overview_markdown,
    overview_text,
)
from poetry_fti.errors import DONE, ConfigError
from poetry_fti.operations.diff.overview import overview

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from cleo.io.inputs.option import Option


class DiffCommand(Command):
    """Compares the locks of stages, as they are on disk."""

    name = "fti diff"
    description = "Compares the locks of the pipeline stages."
    options: ClassVar[list[Option]] = [
        option(
            "format",
            None,
            "The format of the report: text, json or markdown.",
            flag=False,
            default="text",
        ),
    ]
    help = """\
Prints how many packages the stages have and share, and where their versions differ and why.

The locks are compared as they are on disk: no package index is used, and nothing is solved."""

    @guarded
    def handle(self) -> int:
        """Print the comparison."""
        form = self._format()
        project = load(self, check=False)
        if not all(map(project.is_fresh, project.stages)):
            project.require_accepted()
        found = overview(project)
        for problem in found.problems:
            warning(self.io, problem)
        self._print(form, overview_text(found), overview_markdown(found), overview_data(found))
        return DONE

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
