"""`poetry fti lock`: each stage's lock, solved apart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

from cleo.helpers import option
from poetry.console.commands.command import Command

from poetry_fti.commands.console import (
    counted,
    error,
    escape,
    guarded,
    load_project,
    plain,
    progress,
)
from poetry_fti.commands.locking import lock_stage
from poetry_fti.commands.options import REPORT_FORMAT, STAGES, wants_json
from poetry_fti.commands.report import change_data, change_lines, comparison_data, comparison_lines
from poetry_fti.errors import DONE, FOUND, FtiError, IndexFailedError

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option

    from poetry_fti.commands.locking import Locked
    from poetry_fti.commands.stage_project import StageProject
    from poetry_fti.model import LockedStage

Results: TypeAlias = "dict[str, Locked | FtiError]"

NOT_TRIED: Final = FtiError("not tried: it would wait for the same server")


class LockCommand(Command):
    """Locks the stages."""

    name = "fti lock"
    description = "Locks the pipeline stages, each apart from the others."
    arguments: ClassVar[list[Argument]] = [STAGES]
    options: ClassVar[list[Option]] = [
        option("check", None, "Only tell whether the locks are fresh; exit with 3 if one is not."),
        option("regenerate", None, "Ignore the locks that exist and solve from scratch."),
        REPORT_FORMAT,
    ]
    help = """\
Solves each stage on its own and writes its lock to <comment>fti/STAGE/poetry.lock</comment>.
A fresh lock is left alone; a stale one keeps every version that still fits.

<info>poetry fti lock</info>
<info>poetry fti lock training --regenerate</info>"""
    loggers: ClassVar[list[str]] = ["poetry.repositories.pypi_repository"]

    @guarded
    def handle(self) -> int:
        """Lock what is stale, or only look (`--check`)."""
        json_wanted = wants_json(self)
        project = load_project(self)
        stages = project.select(self.argument("stages"))
        if self.option("check"):
            return self._check(stages, json_wanted=json_wanted)
        results = self._lock(stages, json_wanted=json_wanted)
        comparable = project.comparable()
        if json_wanted:
            plain(self.io, _json(results, comparable))
        elif len(comparable) > 1:
            self.line("")
            for line in comparison_lines(comparable):
                self.line(line)
        failures = [each for each in results.values() if isinstance(each, FtiError)]
        return max((failure.exit_code for failure in failures), default=DONE)

    def _check(self, stages: tuple[StageProject, ...], *, json_wanted: bool) -> int:
        late = [stage for stage in stages if stage.status.state != "fresh"]
        if json_wanted:
            found = {stage.name: stage.status for stage in stages}
            states = {name: {"state": s.state, "reason": s.reason} for name, s in found.items()}
            plain(self.io, json.dumps({"stages": states}, indent=2) + "\n")
        elif late:
            for stage in late:
                error(self.io, stage.problem())
        else:
            self.line(f"{counted(len(stages), 'lock')} checked: all fresh.")
        return FOUND if late else DONE

    def _lock(self, stages: tuple[StageProject, ...], *, json_wanted: bool) -> Results:
        results: Results = {}
        index_failed = False
        for stage in stages:
            # An index that fails would fail for each stage, after many attempts each.
            result = NOT_TRIED if index_failed else self._attempt(stage)
            results[stage.name] = result
            index_failed |= isinstance(result, IndexFailedError)
            if isinstance(result, FtiError):
                error(self.io, f"{stage.name}: {result}")
            elif not json_wanted:
                self._say(stage.name, result)
        return results

    def _attempt(self, stage: StageProject) -> Locked | FtiError:
        regenerate: bool = self.option("regenerate")
        try:
            with progress(self.io, f"Locking {stage.name}") as io:
                return lock_stage(stage, io, regenerate=regenerate)
        except FtiError as failure:
            return failure

    def _say(self, name: str, result: Locked) -> None:
        name = f"<c1>{escape(name)}</c1>"
        count = counted(result.packages, "package")
        if result.fresh:
            self.line(f"{name}: fresh, {count}")
            return
        self.line(f"{name}: locked {count} in {result.seconds:.1f} s{_summary(result)}")
        if not result.first or self.io.is_verbose():
            for line in change_lines(result.changes):
                self.line(line)


def _summary(result: Locked) -> str:
    if result.first:
        return ""
    added = sum(not change.before for change in result.changes)
    removed = sum(not change.after for change in result.changes)
    updated = len(result.changes) - added - removed
    if not result.changes:
        return ", no version changed"
    return f": {added} added, {removed} removed, {updated} updated"


def _json(results: Results, stages: tuple[LockedStage, ...]) -> str:
    data = {
        "stages": {name: _result_data(result) for name, result in results.items()},
        "comparison": comparison_data(stages),
    }
    return json.dumps(data, indent=2) + "\n"


def _result_data(result: Locked | FtiError) -> dict[str, Any]:
    if isinstance(result, FtiError):
        return {"result": "failed", "error": str(result)}
    return {
        "result": "fresh" if result.fresh else "locked",
        "packages": result.packages,
        "seconds": round(result.seconds, 3),
        "changes": [change_data(change) for change in result.changes],
    }
