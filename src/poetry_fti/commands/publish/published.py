"""`poetry fti published azureml`: list the registered environments of stages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import aligned, escape, guarded, load, plain
from poetry_fti.commands.shared.options import REPORT_FORMAT, STAGES, wants_json
from poetry_fti.errors import DONE
from poetry_fti.operations.publishing.azureml import published
from poetry_fti.wording import short_digest

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option

    from poetry_fti.operations.publishing.azureml import PublishedVersion


class PublishedAzuremlCommand(Command):
    """Lists the registered environments of stages, and the locks that they were made from."""

    name = "fti published azureml"
    description = "Lists the environments of the pipeline stages in Azure Machine Learning."
    arguments: ClassVar[list[Argument]] = [STAGES]
    options: ClassVar[list[Option]] = [REPORT_FORMAT]
    help = """\
Lists the registered versions of the project's environments, with the stage and the lock that each
was created from. A version is current if it was created from the stage's current lock.

<info>poetry fti published azureml</info>
<info>poetry fti published azureml training --format json</info>"""

    @guarded
    def handle(self) -> int:
        """Print a line for each version, and one for each stage without a current one."""
        json_wanted = wants_json(self)
        project = load(self, check=False)
        stages = project.select(self.argument("stages"))
        found = published(project, stages)
        if json_wanted:
            plain(self.io, json.dumps({"environments": [*map(_data, found)]}, indent=2) + "\n")
            return DONE
        if found:
            first, *lines = aligned([("Stage", "Environment", "Lock", "State"), *map(_row, found)])
            self.line(f"<b>{first}</b>")
            for line in lines:
                self.line(escape(line))
        current = {each.stage for each in found if each.is_current}
        for name in (stage.name for stage in stages if stage.name not in current):
            self.line(f"The current lock of the stage {escape(name)} is not registered.")
        return DONE


def _row(each: PublishedVersion) -> tuple[str, ...]:
    state = "current" if each.is_current else "another lock"
    return (each.stage, f"{each.name}:{each.version}", short_digest(each.lock), state)


def _data(each: PublishedVersion) -> dict[str, Any]:
    return {
        "stage": each.stage,
        "name": each.name,
        "version": each.version,
        "lock": each.lock,
        "current": each.is_current,
    }
