"""Errors of Poetry's own commands that name hidden groups, and a hint for conflicting stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cleo.exceptions import CleoUserError
from crashtest.contracts.base_solution import BaseSolution
from crashtest.solution_providers.solution_provider_repository import SolutionProviderRepository
from packaging.utils import canonicalize_name

from poetry_fti.bridge.project.groups import required_names
from poetry_fti.bridge.project.isolation import IsolatedLocker
from poetry_fti.bridge.project.pyproject import read_pyproject
from poetry_fti.bridge.solving.conflicting_stages import conflicting_stages
from poetry_fti.commands.shared.console import escape
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cleo.io.inputs.input import Input
    from crashtest.contracts.solution import Solution
    from packaging.utils import NormalizedName
    from poetry.console.commands.command import Command
    from poetry.poetry import Poetry

# The command that replaces Poetry's own command for a stage.
_INSTEAD: Final = {
    "add": "poetry fti add {stage} PACKAGE",
    "export": "poetry fti export {stage}",
    "install": "poetry fti install {stage}",
    "remove": "poetry fti remove {stage} PACKAGE",
    "show": "poetry fti show {stage}",
    "sync": "poetry fti install {stage} --sync",
    "update": "poetry fti update --stage {stage}",
}


def refuse_hidden(command: str, given: Input, poetry: Poetry) -> None:
    """Raise CleoUserError if one of Poetry's own commands is run on a hidden group."""
    if not isinstance(poetry.locker, IsolatedLocker):
        return
    hidden = poetry.locker.hidden
    named = list(_named_groups(command, given.options))
    for group in named:
        if canonicalize_name(group) in hidden:
            raise CleoUserError(escape(_refusal(command, group, hidden[canonicalize_name(group)])))
    if command == "remove" and not named:
        _refuse_everywhere(given.arguments.get("packages") or (), poetry, hidden)


def _named_groups(command: str, options: Mapping[str, Any]) -> Iterator[str]:
    if options.get("group"):
        yield options["group"]
    if options.get("dev") and command in {"add", "remove"}:
        yield "dev"
    for name in ("with", "only"):
        for names in options.get(name) or ():
            yield from (group.strip() for group in names.split(","))


def _refusal(command: str, group: str, stages: Sequence[str]) -> str:
    if not stages:
        return (
            f'A group "{group}" would be a pipeline stage, and those are hidden from Poetry:'
            f" `isolated` is set in [tool.fti]. Write `{group} = []` into [dependency-groups], then"
            f" run `poetry fti add {group} PACKAGE`."
        )
    instead = _INSTEAD[command].format(stage=stages[0])
    return (
        f'The group "{group}" is hidden from Poetry: it belongs to {_listed("the stage", stages)},'
        f" and `isolated` is set in [tool.fti]. Run `{instead}`."
    )


def _refuse_everywhere(
    packages: Sequence[str], poetry: Poetry, hidden: Mapping[NormalizedName, Sequence[str]]
) -> None:
    """Raise CleoUserError if `remove` would edit hidden groups, whose locks it does not update."""
    pyproject = read_pyproject(poetry.pyproject_path)
    for group, stages in hidden.items():
        required = set(required_names(pyproject, group))
        for package in packages:
            if canonicalize_name(package) in required:
                raise CleoUserError(
                    escape(
                        f'"{package}" is in the group "{group}", which is hidden from Poetry: it'
                        f" belongs to {_listed('the stage', stages)}, and `isolated` is set in"
                        f" [tool.fti]. Run `poetry fti remove {stages[0]} {package}`, or name"
                        " another group with `--group`."
                    )
                )


def _listed(noun: str, names: Sequence[str]) -> str:
    plural = "" if len(names) == 1 else "s"
    quoted = [f'"{name}"' for name in names]
    return f"{noun}{plural} {joined(quoted)}"


class _Hint(SolutionProviderRepository):
    """A solution that cleo prints below any error."""

    def __init__(self, description: str) -> None:
        super().__init__()
        self._solution = BaseSolution("The stages conflict", description)

    def get_solutions_for_exception(self, exception: Exception) -> list[Solution]:
        return [*super().get_solutions_for_exception(exception), self._solution]


def hint(command: Command, error: Exception) -> None:
    """Print a hint below Poetry's error if the reason for it is that stages conflict."""
    names = conflicting_stages(command.poetry, error)
    if names:
        hinting = _Hint(
            f"{escape(joined(names))} cannot share one lock.\n`poetry fti lock` locks each stage on"
            " its own. With `isolated = true` in [tool.fti],\nPoetry's own commands ignore the"
            " stages."
        )
        command.get_application().set_solution_provider_repository(hinting)
