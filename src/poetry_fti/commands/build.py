"""`poetry fti build`: build the container images of stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import option
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import (
    escape,
    feedback_of,
    guarded,
    load,
    project_folder,
    warning,
)
from poetry_fti.commands.shared.options import SINCE, STAGES
from poetry_fti.commands.shared.writing import report_written
from poetry_fti.errors import DONE
from poetry_fti.operations.affected.run import affected_stages
from poetry_fti.operations.exclusive import exclusive_access
from poetry_fti.operations.export import write
from poetry_fti.operations.images.build import (
    build_images,
    build_jobs,
    find_builder,
    images_to_build,
    remaining_job,
    render_images,
)
from poetry_fti.operations.images.layers import image_warnings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option

    from poetry_fti.operations.project import Project


class BuildCommand(Command):
    """Exports the files that images are built from, and runs the container engine on them."""

    name = "fti build"
    description = "Builds the container images of the pipeline stages."
    arguments: ClassVar[list[Argument]] = [STAGES]
    options: ClassVar[list[Option]] = [
        option("push", None, "Push the images instead of keeping them in the engine."),
        option(
            "platform",
            None,
            "A platform to build for (may be repeated). Default: the platform of the engine;"
            " with --push, all platforms of the stage.",
            flag=False,
            multiple=True,
        ),
        option("sbom", None, "Add a software bill of materials to each image (format cyclonedx)."),
        option("force", None, "Rebuild images that are up to date."),
        SINCE,
    ]
    help = """\
Writes the requirements and Dockerfiles of the stages, whose locks have to be fresh. Then Docker,
Podman or Buildah builds the images whose inputs, such as packages and code, have changed. The
tag of an image is the digest of its inputs. Private indexes are accessed with the credentials that
Poetry is configured with.

<info>poetry fti build</info>
<info>TAG=1.4 poetry fti build inference --push</info>"""

    @guarded
    def handle(self) -> int:
        """Write the Dockerfiles, then build the images that do not exist yet."""
        folder = project_folder(self)
        with exclusive_access(folder, feedback_of(self)):
            project = load(self)
            names = self._names(project)
            if names is None:
                return DONE
            builder = find_builder(self.option("platform"), push=self.option("push"))
            export = render_images(project, names, builder, sbom=self.option("sbom"))
            for text in export.rendered.warnings:
                warning(self.io, text)
            report_written(self.io, write(project, export.rendered), only_changes=True)
            jobs = build_jobs(project, export, builder)
        todo = []
        for job in jobs:
            left = remaining_job(job, builder, force=self.option("force"))
            if left:
                todo.append(left)
            else:
                state = "already there" if builder.push else "up to date"
                self.line(f"{escape(job.stage)}: {state} ({escape(', '.join(job.tags))})")
        for text in image_warnings(export.of(todo)):
            warning(self.io, text)
        build_images(project, export, todo, builder, quiet=self.io.output.is_quiet())
        for job in todo:
            self._report(job.stage, job.tags)
        return DONE

    def _names(self, project: Project) -> Sequence[str] | None:
        """Return the stages to build, an empty sequence for all; None if there are none.

        Raises ConfigError for an unknown stage, before a container engine is looked for.
        """
        names: list[str] = self.argument("stages")
        project.select(names)
        revision: str | None = self.option("since")
        if revision is None:
            return names
        report = affected_stages(project, revision)
        for text in report.warnings:
            warning(self.io, text)
        affected = images_to_build(project, names, report)
        if not affected:
            self.line(f"The changes since {escape(revision)} affect no image.")
        return affected or None

    def _report(self, stage: str, tags: Sequence[str]) -> None:
        state = "pushed" if self.option("push") else "built"
        self.line(f"{escape(stage)}: {state} {escape(', '.join(tags))}")
