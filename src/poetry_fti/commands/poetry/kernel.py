"""`poetry fti kernel`: install a Jupyter kernel for a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import option
from packaging.utils import canonicalize_name
from poetry.console.commands.command import Command
from poetry.utils.env import EnvCommandError

from poetry_fti.commands.poetry.environment.freshness import warn_if_behind
from poetry_fti.commands.poetry.stage_runner import find_runner
from poetry_fti.commands.shared.console import escape, guarded
from poetry_fti.commands.shared.options import STAGE
from poetry_fti.errors import DONE, FtiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option
    from poetry.utils.env import Env

    from poetry_fti.model.stage import Stage


class KernelCommand(Command):
    """Installs a Jupyter kernel that runs in the environment of a stage."""

    name = "fti kernel"
    description = "Installs a Jupyter kernel for the environment of a pipeline stage."
    arguments: ClassVar[list[Argument]] = [STAGE]
    options: ClassVar[list[Option]] = [
        option("name", None, "The name of the kernel (default: PROJECT-STAGE).", flag=False),
        option(
            "display-name", None, "Its name in notebooks (default: PROJECT (STAGE)).", flag=False
        ),
        option("prefix", None, "Where to install it (default: for the user).", flag=False),
    ]
    help = """\
Runs the stage's own <comment>ipykernel</comment> to install a kernel, with the variables of
<comment>tool.fti.stages.STAGE.env</comment>. The kernel is available in every Jupyter of the user.

<info>poetry fti kernel training</info>"""

    @guarded
    def handle(self) -> int:
        """Install the kernel, and print its location."""
        runner = find_runner(self, self.argument("stage"))
        env, stage = runner.env, runner.stage.stage
        _require_ipykernel(env, stage)
        warn_if_behind(runner, env)
        project = runner.poetry.package.pretty_name
        name = self.option("name") or canonicalize_name(f"{project}-{stage.name}")
        shown = self.option("display-name") or f"{project} ({stage.name})"
        prefix = self.option("prefix")
        where = ["--prefix", prefix] if prefix else ["--user"]
        words = ["--name", name, "--display-name", shown, *where, *_variables(stage)]
        try:
            output = env.run("python", "-m", "ipykernel", "install", *words)
        except EnvCommandError as error:
            raise FtiError(f"ipykernel could not install the kernel:\n{error}") from error
        self.line(escape(output.strip()))
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
            f"{name} has no ipykernel, which a kernel requires. Add it with"
            f" `poetry fti add {words}`."
        ) from error
