"""`poetry fti kernel`: a stage in notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import option
from packaging.utils import canonicalize_name
from poetry.console.commands.command import Command
from poetry.utils.env import EnvCommandError

from poetry_fti.commands.poetry.stage_runner import find_runner
from poetry_fti.commands.shared.console import escape, guarded
from poetry_fti.commands.shared.options import STAGE
from poetry_fti.errors import DONE, FtiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option
    from poetry.utils.env import Env

    from poetry_fti.model import Stage


class KernelCommand(Command):
    """Makes a Jupyter kernel."""

    name = "fti kernel"
    description = "Makes the environment of a pipeline stage a Jupyter kernel."
    arguments: ClassVar[list[Argument]] = [STAGE]
    options: ClassVar[list[Option]] = [
        option("name", None, "The kernel's name; PROJECT-STAGE without.", flag=False),
        option("display-name", None, "Its name in notebooks; PROJECT (STAGE) without.", flag=False),
        option("prefix", None, "Where to install it; for the user without.", flag=False),
    ]
    help = """\
Lets the stage's own <comment>ipykernel</comment> install a kernel, with the variables of
<comment>tool.fti.stages.STAGE.env</comment>. Notebooks opened by any Jupyter of the user can have
it then.

<info>poetry fti kernel training</info>"""

    @guarded
    def handle(self) -> int:
        """Install the kernel, and say where it is."""
        runner = find_runner(self, self.argument("stage"))
        env, stage = runner.env, runner.stage.stage
        _require_ipykernel(env, stage)
        project = runner.poetry.package.pretty_name
        name = self.option("name") or canonicalize_name(f"{project}-{stage.name}")
        shown = self.option("display-name") or f"{project} ({stage.name})"
        prefix = self.option("prefix")
        where = ["--prefix", prefix] if prefix else ["--user"]
        words = ["--name", name, "--display-name", shown, *where, *_variables(stage)]
        try:
            said = env.run("python", "-m", "ipykernel", "install", *words)
        except EnvCommandError as error:
            raise FtiError(f"ipykernel could not install the kernel:\n{error}") from error
        self.line(escape(said.strip()))
        return DONE


def _variables(stage: Stage) -> Iterator[str]:
    for name, value in stage.env:
        yield from ("--env", name, value)


def _require_ipykernel(env: Env, stage: Stage) -> None:
    try:
        env.run("python", "-I", "-c", "import ipykernel")
    except EnvCommandError as error:
        name = stage.name
        words = f"{name} ipykernel"
        if stage.dev_groups:
            words += f" --group {stage.dev_groups[0]}"
        raise FtiError(
            f"{name} has no ipykernel, without which there is no kernel. Add it with"
            f" `poetry fti add {words}`."
        ) from error
