"""`poetry fti build`: the images of the stages."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import option
from poetry.console.commands.command import Command

from poetry_fti.bridge.index.logins import logins
from poetry_fti.commands.shared.console import escape, guarded, load_project
from poetry_fti.commands.shared.exclusive import exclusive_access
from poetry_fti.commands.shared.options import STAGES
from poetry_fti.commands.shared.writing import write
from poetry_fti.errors import DONE
from poetry_fti.exporters.bake import FILENAME
from poetry_fti.operations.build import image_job, images_of, is_done, platforms, wanted_platforms
from poetry_fti.operations.export import ExportRequest, render
from poetry_fti.ports.container_engine import find_engine
from poetry_fti.ports.engine_commands import BuildOptions
from poetry_fti.ports.netrc import netrc_text, own_netrc, secret_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option

    from poetry_fti.model import LockedStage
    from poetry_fti.operations.project import Project
    from poetry_fti.ports.container_engine import ContainerEngine
    from poetry_fti.ports.engine_commands import BuildJob

_FORMATS = ("requirements", "dockerfile", "bake")


class BuildCommand(Command):
    """Builds images."""

    name = "fti build"
    description = "Builds the images of the pipeline stages."
    arguments: ClassVar[list[Argument]] = [STAGES]
    options: ClassVar[list[Option]] = [
        option("push", None, "Push the images instead of keeping them in the engine."),
        option(
            "platform",
            None,
            "A platform to build for, once or more often. Without it, the engine's own;"
            " with --push, all of the stage's.",
            flag=False,
            multiple=True,
        ),
        option("force", None, "Build also what is up to date."),
    ]
    help = """\
Writes Dockerfiles and <comment>docker-bake.json</comment>, from locks that have to be fresh. Then
Docker, Podman or Buildah build the images of which the lock, the code or anything else has changed.
Private indexes are logged in to as Poetry is configured to.

<info>poetry fti build</info>
<info>TAG=1.4 poetry fti build inference --push</info>"""

    @guarded
    def handle(self) -> int:
        """Export what is built from, and build what is not there."""
        wanted = wanted_platforms(self.option("platform"))
        push: bool = self.option("push")
        engine = find_engine()
        with exclusive_access(self):
            project = load_project(self)
            selected = project.select(self.argument("stages"))
            named = bool(self.argument("stages"))
            images = images_of((stage.locked() for stage in selected), named=named)
            chosen = [platforms(locked, wanted, engine, push=push) for locked in images]
            names = [locked.stage.name for locked in images]
            request = ExportRequest(stages=project.select(names), formats=_FORMATS)
            rendered = render(project, request)
            write(self.io, project.root, rendered, only_changes=True)
            pairs = zip(rendered.images, chosen, strict=True)
            jobs = [image_job(image, each, engine, project.root, rendered) for image, each in pairs]
        todo = [each for each in jobs if self.option("force") or not self._is_done(each, engine)]
        needing = {each.stage for each in todo if each.needs_netrc}
        self._build(todo, engine, project, [s for s in images if s.stage.name in needing])
        return DONE

    def _is_done(self, job: BuildJob, engine: ContainerEngine) -> bool:
        done = is_done(job, engine, push=self.option("push"))
        if done:
            self.line(f"{escape(job.stage)}: up to date ({escape(', '.join(job.tags))})")
        return done

    def _build(
        self,
        jobs: list[BuildJob],
        engine: ContainerEngine,
        project: Project,
        private: Iterable[LockedStage],
    ) -> None:
        if not jobs:
            return
        found = tuple(private)
        text = netrc_text(logins(project.poetry, found), own_netrc()) if found else ""
        with secret_file(text) as netrc:
            order = BuildOptions(
                definition=project.config.directory / FILENAME,
                push=self.option("push"),
                quiet=self.io.output.is_quiet(),
                netrc=netrc,
                epoch=os.environ.get("SOURCE_DATE_EPOCH"),
            )
            engine.build(jobs, order, project.root)
        for job in jobs:
            state = "pushed" if order.push else "built"
            self.line(f"{escape(job.stage)}: {state} {escape(', '.join(job.tags))}")
