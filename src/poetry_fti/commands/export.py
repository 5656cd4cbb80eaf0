"""`poetry fti export`: write requirements, Dockerfiles and other files from the locks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import option
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import error, guarded, load, plain, warning
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.commands.shared.options import STAGES
from poetry_fti.commands.shared.writing import (
    report_layers,
    report_outdated,
    report_unused,
    report_written,
)
from poetry_fti.errors import DONE, FOUND, FtiError, StaleLockError
from poetry_fti.model.formats import FORMATS
from poetry_fti.operations.export import (
    ExportRequest,
    differences,
    formats_without_hashes,
    formats_without_markers,
    is_project_format,
    render,
    require_formats,
    write,
)
from poetry_fti.operations.exports.sboms import stale_dockerfiles
from poetry_fti.operations.images.layers import image_warnings, shared_layers
from poetry_fti.operations.unseen_changes import unseen_changes
from poetry_fti.wording import counted, joined, named_stages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option

    from poetry_fti.operations.export import Rendered
    from poetry_fti.operations.project import Project


class ExportCommand(Command):
    """Writes the locks of stages in other formats, or compares them with the files on disk."""

    name = "fti export"
    description = "Writes requirements, pylock, Dockerfile and more for the pipeline stages."
    arguments: ClassVar[list[Argument]] = [STAGES]
    options: ClassVar[list[Option]] = [
        option(
            "format",
            "f",
            f"A format to write (may be repeated): {', '.join(FORMATS)}."
            " Default: the formats in tool.fti.exports.",
            flag=False,
            multiple=True,
        ),
        option("merged", None, "Write one pylock.toml with a dependency group for each stage."),
        option(
            "check",
            None,
            "Compare with the files on disk and exit with 3 if one differs; -v prints diffs.",
        ),
        option(
            "stdout",
            None,
            "Print one file instead of writing files: that of one stage in one format, or one that"
            " describes all stages.",
        ),
        option("no-hashes", None, "Omit hashes from requirements, for tools that reject them."),
        option("no-markers", None, "Omit markers from requirements, for tools that reject them."),
    ]
    help = """\
Writes files for each stage to <comment>fti/STAGE/</comment>; the locks have to be fresh. The
formats airflow, bake, compose, dagster, github, gitlab, kfp and prefect write one file to
<comment>fti/</comment> that describes all stages, and devcontainer writes to
<comment>.devcontainer/STAGE/</comment>.
Without <info>--format</info> and <info>--merged</info>, files of earlier exports are updated, too,
with the options that they were written with.

<info>poetry fti export</info>
<info>poetry fti export inference --format requirements --stdout</info>
<info>poetry fti export --check</info>"""

    @guarded
    @exclusive(unless=("check", "stdout"))
    def handle(self) -> int:
        """Render all files, then compare, print or write them."""
        project = load(self)
        request = self._request(project)
        try:
            rendered = render(project, request)
        except StaleLockError as stale:
            error(self.io, stale)
            return FOUND if request.check else stale.exit_code
        for text in rendered.left_out:
            warning(self.io, text)
        if not (rendered.texts or rendered.left_out):
            warning(self.io, f"No file to export: {_reason(request)}.")
        if request.check:
            for text in unseen_changes(project, request.stages):
                warning(self.io, text)
            return self._compare(project, rendered)
        for text in rendered.warnings:
            warning(self.io, text)
        if self.option("stdout"):
            plain(self.io, next(iter(rendered.texts.values()), ""))
            return DONE
        for text in stale_dockerfiles(project, rendered.texts):
            warning(self.io, text)
        report_written(self.io, write(project, rendered))
        report_unused(self.io, rendered.unused)
        report_layers(self.io, shared_layers(rendered.images), image_warnings(rendered.images))
        return DONE

    def _request(self, project: Project) -> ExportRequest:
        chosen: list[str] = self.option("format")
        require_formats(chosen)
        request = ExportRequest(
            stages=project.select(self.argument("stages")),
            formats=tuple(dict.fromkeys(chosen or project.config.exports)),
            merged=self.option("merged"),
            check=self.option("check"),
            hashes=not self.option("no-hashes"),
            markers=not self.option("no-markers"),
            partial=not (chosen or self.option("stdout")),
            follow=not (chosen or self.option("merged") or self.option("stdout")),
        )
        self._refuse_contradictions(request, chosen)
        return request

    def _refuse_contradictions(self, request: ExportRequest, chosen: list[str]) -> None:
        if request.merged and chosen:
            raise FtiError("--merged writes a pylock.toml; leave --format out.")
        one_file = len(request.stages) == 1 or all(map(is_project_format, request.formats))
        single = request.merged or (len(request.formats) == 1 and one_file)
        if self.option("stdout") and request.check:
            raise FtiError("--check prints no file; leave --stdout out.")
        if self.option("stdout") and not single:
            raise FtiError(
                "--stdout prints one file: name one stage and one --format, or --merged."
            )
        if not request.hashes:
            _require_one_of("--no-hashes", formats_without_hashes(), request)
        if not request.markers:
            _require_one_of("--no-markers", formats_without_markers(), request)

    def _compare(self, project: Project, rendered: Rendered) -> int:
        if report_outdated(self.io, rendered, differences(project, rendered)):
            return FOUND
        self.line(f"{counted(len(rendered.texts), 'file')} checked: all up to date.")
        return DONE


def _reason(request: ExportRequest) -> str:
    """Return why an export has no file."""
    if not request.formats:
        return "tool.fti.exports is empty. Pass a format with --format"
    stages = named_stages([stage.name for stage in request.stages])
    verb = "does" if len(request.formats) == 1 else "do"
    return f"{joined(request.formats)} {verb} not apply to {stages}"


def _require_one_of(flag: str, formats: Sequence[str], request: ExportRequest) -> None:
    """Raise FtiError if the export writes none of the formats that an option applies to."""
    if request.merged or not set(request.formats).intersection(formats):
        raise FtiError(f"{flag} applies to the formats {joined(formats)} only.")
