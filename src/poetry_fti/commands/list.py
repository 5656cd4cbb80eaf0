"""`poetry fti list`: list the stages and the states of their locks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import aligned, escape, guarded, load, plain, warning
from poetry_fti.commands.shared.options import REPORT_FORMAT, wants_json
from poetry_fti.errors import DONE
from poetry_fti.operations.leftovers import find_leftovers
from poetry_fti.operations.listing import list_stages
from poetry_fti.operations.unseen_changes import unseen_changes
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from cleo.io.inputs.option import Option

    from poetry_fti.operations.listing import ListedStage


class ListCommand(Command):
    """Lists the stages of the project with the states of their locks."""

    name = "fti list"
    description = "Lists the pipeline stages and the states of their locks."
    options: ClassVar[list[Option]] = [REPORT_FORMAT]

    @guarded
    def handle(self) -> int:
        """Print a line for each stage, then the folders that belong to no stage."""
        json_wanted = wants_json(self)
        project = load(self)
        listed = list_stages(project)
        stages = [_data(stage) for stage in listed]
        for text in unseen_changes(project, project.stages):
            warning(self.io, text)
        leftovers = [leftover.name for leftover in find_leftovers(project)]
        if json_wanted:
            data = {"stages": stages, "leftovers": leftovers}
            plain(self.io, json.dumps(data, indent=2) + "\n")
            return DONE
        header = ("Stage", "Kind", "Groups", "Python", "Platforms", "Lock", "Packages")
        first, *lines = aligned([header, *map(_row, stages)])
        self.line(f"<b>{first}</b>")
        for line in lines:
            self.line(escape(line))
        self._hints(listed, leftovers)
        return DONE

    def _hints(self, stages: list[ListedStage], leftovers: list[str]) -> None:
        for each in stages:
            if each.reason:
                trouble = "the lock cannot be read: " if each.lock == "broken" else ""
                reason = f"{each.stage.name}: {trouble}{each.reason}"
                self.line(f"<error>{escape(reason)}</error>")
        if any(each.lock != "fresh" and not each.is_lost for each in stages):
            self.line("\nRun <info>poetry fti lock</info> to lock the stages that are not fresh.")
        if lost := [each.stage.name for each in stages if each.is_lost]:
            command = escape(f"poetry fti lock {' '.join(lost)} --regenerate")
            what = "this lock" if len(lost) == 1 else "these locks"
            self.line(f"\nRestore {what}, or run <info>{command}</info> to lock from scratch.")
        if leftovers:
            names = escape(in_one_line(", ".join(leftovers)))
            self.line(f"\nFolders that belong to no stage: {names}")
            self.line("Run <info>poetry fti clean</info> to remove them.")


def _data(listed: ListedStage) -> dict[str, Any]:
    stage = listed.stage
    return {
        "stage": stage.name,
        "kind": stage.kind,
        "groups": list(stage.groups),
        "python": listed.python,
        "platforms": [str(platform) for platform in stage.targets.platforms],
        "lock": listed.lock,
        "reason": listed.reason,
        "packages": listed.packages,
    }


def _row(stage: dict[str, Any]) -> tuple[str, ...]:
    packages = stage["packages"]
    return (
        stage["stage"],
        stage["kind"],
        ", ".join(stage["groups"]) or "-",
        stage["python"] or "any",
        ", ".join(stage["platforms"]) or "any",
        stage["lock"],
        "-" if packages is None else str(packages),
    )
