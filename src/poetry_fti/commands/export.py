"""`poetry fti export`: what the runtime of a stage needs, written from its lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import option
from poetry.console.commands.command import Command

from poetry_fti import files
from poetry_fti.commands.shared.console import counted, error, guarded, load_project, plain
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.commands.shared.options import STAGES
from poetry_fti.commands.shared.writing import write
from poetry_fti.config.table import suggestion
from poetry_fti.errors import DONE, FOUND, ConfigError, FtiError, StaleLockError
from poetry_fti.exporters import ProjectExporter, StageExporter, load_exporter
from poetry_fti.model import FORMATS
from poetry_fti.operations.export import ExportRequest, render
from poetry_fti.operations.layers import report_images
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option

    from poetry_fti.operations.export import Rendered
    from poetry_fti.operations.project import Project


class ExportCommand(Command):
    """Exports the stages."""

    name = "fti export"
    description = "Writes requirements, pylock, Dockerfile and more for the pipeline stages."
    arguments: ClassVar[list[Argument]] = [STAGES]
    options: ClassVar[list[Option]] = [
        option(
            "format",
            "f",
            f"A format to write, once or more often: {', '.join(FORMATS)}."
            " Without it, those of tool.fti.exports.",
            flag=False,
            multiple=True,
        ),
        option("merged", None, "Write one pylock.toml that holds the stages side by side."),
        option("check", None, "Only compare with what is on disk; exit with 3 and a diff."),
        option("stdout", None, "Print the file of one stage in one format; write nothing."),
        option("no-hashes", None, "Requirements without hashes, for tools that refuse them."),
        option("no-markers", None, "Requirements without markers, for tools that refuse them."),
    ]
    help = """\
Writes files for each stage to <comment>fti/STAGE/</comment>, from locks that have to be fresh. The
formats bake and compose are one file in <comment>fti/</comment> that always holds all stages.

<info>poetry fti export</info>
<info>poetry fti export inference --format requirements --stdout</info>
<info>poetry fti export --check</info>"""

    @guarded
    @exclusive(unless=("check", "stdout"))
    def handle(self) -> int:
        """Render everything, then compare, print or write it."""
        project = load_project(self)
        request = self._request(project)
        try:
            rendered = render(project, request)
        except StaleLockError as late:
            error(self.io, late)
            return FOUND if request.check else late.exit_code
        if request.check:
            return self._compare(project, rendered)
        if self.option("stdout"):
            plain(self.io, next(iter(rendered.texts.values()), ""))
            return DONE
        write(self.io, project.root, rendered)
        report_images(self, rendered.images)
        return DONE

    def _request(self, project: Project) -> ExportRequest:
        chosen: list[str] = self.option("format")
        for name in chosen:
            if name not in FORMATS:
                known = f"(known: {', '.join(FORMATS)})"
                raise ConfigError(f'Unknown format "{name}"{suggestion(name, FORMATS)} {known}.')
        request = ExportRequest(
            stages=project.select(self.argument("stages")),
            formats=tuple(dict.fromkeys(chosen or project.config.exports)),
            merged=self.option("merged"),
            check=self.option("check"),
            hashes=not self.option("no-hashes"),
            markers=not self.option("no-markers"),
        )
        self._refuse_contradictions(request, chosen)
        return request

    def _refuse_contradictions(self, request: ExportRequest, chosen: list[str]) -> None:
        if request.merged and chosen:
            raise FtiError("--merged writes a pylock.toml; leave --format out.")
        one_file = len(request.stages) == 1 or all(
            isinstance(load_exporter(name), ProjectExporter) for name in request.formats
        )
        single = request.merged or (len(request.formats) == 1 and one_file)
        if self.option("stdout") and (request.check or not single):
            raise FtiError(
                "--stdout prints one file: name one stage and one --format, or --merged."
            )
        if not request.hashes:
            _refuse("--no-hashes", request, lambda exporter: exporter.can_omit_hashes)
        if not request.markers:
            _refuse("--no-markers", request, lambda exporter: exporter.can_omit_markers)

    def _compare(self, project: Project, rendered: Rendered) -> int:
        diffs = list(files.differences(rendered.texts, project.root))
        diffs += [f"{path} is of no use any more\n" for path in rendered.left]
        for diff in diffs:
            plain(self.io, diff)
        if diffs:
            late = counted(len(diffs), "file")
            error(self.io, f"{late} not up to date. Run `poetry fti export` with the same options.")
            return FOUND
        self.line(f"{counted(len(rendered.texts), 'file')} checked: all up to date.")
        return DONE


def _refuse(flag: str, request: ExportRequest, supports: Callable[[StageExporter], bool]) -> None:
    """Raise FtiError if no format that is written supports an option."""
    formats = [
        name
        for name in FORMATS
        if isinstance(exporter := load_exporter(name), StageExporter) and supports(exporter)
    ]
    if request.merged or not set(request.formats).intersection(formats):
        raise FtiError(f"{flag} applies to the formats {joined(formats)} only.")
