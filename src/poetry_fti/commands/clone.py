"""`poetry fti clone`: a new stage that starts as an old one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import argument
from poetry.console.commands.command import Command

from poetry_fti import files
from poetry_fti.commands.shared.console import escape, guarded, load_project
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.commands.shared.options import STAGE
from poetry_fti.errors import DONE, FtiError
from poetry_fti.operations.project import accept
from poetry_fti.scaffold.new_stages import clone

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument


class CloneCommand(Command):
    """Makes a stage of another."""

    name = "fti clone"
    description = "Makes a new stage of an old one: its table, its group and its lock."
    arguments: ClassVar[list[Argument]] = [STAGE, argument("new", "The name of the new stage.")]
    help = """\
Copies the stage's table, the dependency group of the same name and the lock. Other groups of the
stage serve both.

<info>poetry fti clone training torch-training</info>"""

    @guarded
    @exclusive()
    def handle(self) -> int:
        """Write the new stage and its lock, both or none."""
        project = load_project(self)
        (old,) = project.select([self.argument("stage")])
        new: str = self.argument("new")
        path = project.root / "pyproject.toml"
        text = clone(files.read(path) or "", old.stage, new)
        accept(text, project.root)
        lock = old.lock.parent.with_name(new) / old.lock.name
        if lock.exists():
            name = lock.relative_to(project.root).as_posix()
            message = f"{name} is left of a former stage. Remove it with `poetry fti clean`,"
            raise FtiError(f"{message} or give the new stage another name.")
        locked = {lock: old.text} if old.status.is_readable else {}
        files.replace({**locked, path: text})
        self.line(f"Made the stage <c1>{escape(new)}</c1> of {escape(old.name)}.")
        self.line(f"Lock it with <info>poetry fti lock {escape(new)}</info>.")
        return DONE
