"""`poetry fti publish hopsworks`: environments, jobs and deployments of stages in Hopsworks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from poetry.console.commands.command import Command

from poetry_fti.commands.shared.calls import print_call
from poetry_fti.commands.shared.console import escape, guarded, load
from poetry_fti.commands.shared.options import DRY_RUN, STAGES
from poetry_fti.errors import DONE
from poetry_fti.operations.publishing.hopsworks import planned_calls, plans, publish

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option


class PublishHopsworksCommand(Command):
    """Installs the environments of stages, and saves their jobs and deployments."""

    name = "fti publish hopsworks"
    description = "Installs the pipeline stages on Hopsworks, with their jobs and deployments."
    arguments: ClassVar[list[Argument]] = [STAGES]
    options: ClassVar[list[Option]] = [DRY_RUN]
    help = """\
Makes an environment for the lock of each stage from the environment of Hopsworks for its kind,
installs the locked packages there, and waits until that is done. With the key
<comment>hopsworks.script</comment>, a feature or training stage gets a job that runs the script,
and an inference stage a deployment whose predictor it is. Neither is started.

The project is named by the variables HOPSWORKS_HOST, HOPSWORKS_PORT and HOPSWORKS_PROJECT. The key
is that in HOPSWORKS_API_KEY.

<info>poetry fti publish hopsworks</info>
<info>poetry fti publish hopsworks training --dry-run</info>"""

    @guarded
    def handle(self) -> int:
        """Print a line for each step, or with `--dry-run` each request."""
        project = load(self)
        wanted = plans(project, project.select(self.argument("stages")))
        if self.option("dry-run"):
            for call in planned_calls(wanted):
                print_call(self.io, call)
            return DONE
        for step in publish(wanted):
            self.line(f"<info>{step.done:9}</info> {escape(step.what)}")
        return DONE
