"""`poetry fti add`: add dependencies to stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from poetry.console.commands.add import AddCommand as PoetryAddCommand
from poetry.console.commands.command import Command

from poetry_fti.bridge.newest import newest_release
from poetry_fti.commands.poetry.edit.changing import GroupEdit, affected_stages, change
from poetry_fti.commands.poetry.edit.selection import (
    GROUP,
    SELECTING,
    STAGES_FIRST,
    packages_argument,
    selected,
)
from poetry_fti.commands.shared.console import escape, guarded
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.operations.edit.groups import chosen_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option

    from poetry_fti.operations.stage import ProjectStage

# Options of `poetry add` that edit the project's own dependencies.
_OF_PROJECT: Final = ("group", "dev", "optional")
# Options with which a package need not be installed on all targets of a stage.
_LIMITING: Final = ("python", "platform", "markers")


class AddCommand(Command):
    """Runs `poetry add` on dependency groups of stages."""

    name = "fti add"
    description = "Adds dependencies to pipeline stages, locks these, and installs them."
    arguments: ClassVar[list[Argument]] = [
        STAGES_FIRST,
        packages_argument(PoetryAddCommand.arguments[0]),
    ]
    options: ClassVar[list[Option]] = [
        *SELECTING,
        GROUP,
        *(each for each in PoetryAddCommand.options if each.name not in _OF_PROJECT),
    ]
    help = f"""\
Adds packages to the dependency groups of stages in <comment>pyproject.toml</comment>, locks the
stages, and installs those that have an environment. Either all of them are changed or none. Other
stages are locked only if they include an edited group.

<info>poetry fti add training lightning@^2.4</info>
<info>poetry fti add training,inference tqdm</info>
<info>poetry fti add --all structlog</info>

Without a version constraint, the newest version is chosen that can be installed with the Python
and on the platforms of all these stages.

{PoetryAddCommand.examples}"""
    loggers: ClassVar[list[str]] = PoetryAddCommand.loggers

    @guarded
    @exclusive(unless=("dry-run",))
    def handle(self) -> int:
        """Edit, lock and install; if a step fails, pyproject.toml and the locks are unchanged."""
        runners = selected(self, PoetryAddCommand.arguments[0].name)
        group = self.option("group")
        edits = [GroupEdit(each, chosen_group(each.stage.stage, group)) for each in runners]
        stages = affected_stages(runners[0].project, edits)
        return change(self, edits, lambda stage: _StageAdd(stage.name, stages))


class _StageAdd(PoetryAddCommand):
    """Poetry's `add`, which selects versions for stages and gives advice on a stage."""

    def __init__(self, stage: str, stages: Sequence[ProjectStage]) -> None:
        super().__init__()
        self._stage = stage
        self._stages = stages

    def notify_about_existing_packages(self, existing_packages: list[str]) -> None:
        """Name the packages that a stage has already, and how to update them."""
        stage = escape(self._stage)
        for name in map(escape, existing_packages):
            self.line(
                f"{stage} already requires <c1>{name}</c1>. To update it as pyproject.toml allows,"
                f" run `poetry fti update {name} --stage {stage}`; to require its newest version,"
                f" `poetry fti add {stage} {name}@latest`."
            )

    def _find_best_version_for_package(
        self,
        name: str,
        required_version: str | None = None,
        allow_prereleases: bool | None = None,  # noqa: FBT001 - Poetry's signature
        source: str | None = None,
    ) -> tuple[str, str]:
        if required_version is None and not any(map(self.option, _LIMITING)):
            derived = [stage.derived for stage in self._stages]
            found = newest_release(
                self.poetry.pool, name, derived, source=source, prereleases=allow_prereleases
            )
            if found is not None:
                return found.pretty_name, f"^{found.version.without_local()}"
        return super()._find_best_version_for_package(
            name, required_version, allow_prereleases, source
        )
