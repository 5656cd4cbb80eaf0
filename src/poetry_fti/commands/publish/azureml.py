"""`poetry fti publish azureml`: register environments of stages with Azure Machine Learning."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from poetry.console.commands.command import Command

from poetry_fti.commands.shared.calls import print_call
from poetry_fti.commands.shared.console import escape, guarded, load
from poetry_fti.commands.shared.options import DRY_RUN, STAGES
from poetry_fti.errors import DONE
from poetry_fti.operations.publishing.azureml import publication_calls, publish, registrations

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option


class PublishAzuremlCommand(Command):
    """Registers the environments of stages, unless their versions are registered already."""

    name = "fti publish azureml"
    description = "Registers the environments of the pipeline stages with Azure Machine Learning."
    arguments: ClassVar[list[Argument]] = [STAGES]
    options: ClassVar[list[Option]] = [DRY_RUN]
    help = """\
Registers the environment that <comment>poetry fti export --format azureml</comment> describes,
an image and a conda file, under a version that is derived from the stage's lock. A version that is
registered already is left as it is.

The workspace is named by the variables AZUREML_ARM_SUBSCRIPTION, AZUREML_ARM_RESOURCEGROUP and
AZUREML_ARM_WORKSPACE_NAME, or by the workspace's config.json. Requires poetry-fti[azure].

<info>poetry fti publish azureml</info>
<info>poetry fti publish azureml training --dry-run</info>"""

    @guarded
    def handle(self) -> int:
        """Print a line for each environment, or with `--dry-run` each request."""
        project = load(self)
        wanted = registrations(project, project.select(self.argument("stages")))
        if self.option("dry-run"):
            for call in publication_calls(project, wanted):
                print_call(self.io, call)
            return DONE
        for each in publish(project, wanted):
            word = "<info>registered</info>        " if each.is_new else "already registered"
            self.line(f"{word} {escape(f'{each.name}:{each.version}')}")
        return DONE
