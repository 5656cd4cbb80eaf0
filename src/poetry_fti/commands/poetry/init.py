"""`poetry fti init`: create stages in a new or an existing project."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import option
from cleo.ui.choice_question import ChoiceQuestion
from poetry.console.commands.init import InitCommand as PoetryInitCommand

from poetry_fti.commands.poetry.new_project import Generator, new_text
from poetry_fti.commands.shared.console import escape, guarded, project_folder
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.commands.shared.questions import AskingCommand
from poetry_fti.errors import DONE, FAILED, FtiError
from poetry_fti.operations.new_stages import (
    existing_text,
    missing_kinds,
    newly_hidden,
    outdates_poetry_lock,
    presets_to_choose_for,
    stages_from,
    with_new_stages,
    write_pyproject,
    written_text,
)
from poetry_fti.operations.presets import find_preset, list_presets
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from cleo.io.inputs.option import Option

    from poetry_fti.operations.new_stages import (
        NewStage,
    )
    from poetry_fti.operations.presets import Preset

_NONE = "none"


class InitCommand(AskingCommand, Generator):
    """Creates stages from presets, and the project itself if there is none."""

    name = "fti init"
    description = "Creates pipeline stages in a new or an existing project."
    options: ClassVar[list[Option]] = [
        option(
            "stage",
            None,
            "A stage to create (may be repeated): NAME=PRESET, or PRESET to name it after its kind."
            " PRESET is a name (see poetry fti presets) or a path that ends in .toml.",
            flag=False,
            multiple=True,
        ),
        option(
            "accelerator",
            None,
            "The accelerator to use, such as cpu, cuda or cu128 (may be repeated):"
            " STAGE=ACCELERATOR, or ACCELERATOR for all other stages.",
            flag=False,
            multiple=True,
        ),
        *PoetryInitCommand.options,
    ]
    help = """\
Asks for the preset of each stage, then adds the stages to pyproject.toml. If there is no
pyproject.toml, it is created first, as by <info>poetry init</info> and with the same options.

<info>poetry fti init</info>
<info>poetry fti init --stage feature-spark --stage training-torch --accelerator cu128</info>
<info>poetry fti init --stage gpu=training-torch --accelerator gpu=cu128</info>
<info>poetry fti init --no-interaction --stage serving=our-presets/inference.toml</info>"""

    @guarded
    @exclusive()
    def handle(self) -> int:
        """Ask for stages, then generate and validate pyproject.toml before it is written."""
        wanted: list[str] = self.option("stage")
        if not wanted and not self.io.is_interactive():
            names = ", ".join(preset.name for preset in list_presets())
            message = "No stages were given. Pass each stage with `--stage NAME=PRESET`"
            raise FtiError(f"{message} (presets: {names}; or a path that ends in .toml).")
        presets = [_named(word) for word in wanted]
        folder = project_folder(self)
        on_disk = written_text(folder)
        before = existing_text(folder)
        self._refuse_idle_options(is_new=before is None)
        text = new_text(folder, self.generated) if before is None else before
        if text is None:
            return FAILED
        stages = self._chosen(presets or self._asked(text), asking=not wanted)
        if not stages:
            self.line("There are no new stages to create.")
            return DONE
        after = with_new_stages(text, stages, folder)
        self._show(before or "", after, is_shown=not wanted)
        if not self._confirmed(asking=not wanted or before is not None):
            self.line_error("<error>Command aborted</error>")
            return FAILED
        write_pyproject(after, folder, on_disk)
        self._report(stages)
        if before and outdates_poetry_lock(before, after, folder):
            self.line("Update poetry.lock, which no longer matches, with <info>poetry lock</info>.")
        return DONE

    def _refuse_idle_options(self, *, is_new: bool) -> None:
        for each in () if is_new else PoetryInitCommand.options:
            if self.option(each.name):
                message = f"--{each.name} applies to new projects only, and this folder has one."
                raise FtiError(f"{message} Omit the option.")

    def _asked(self, text: str) -> list[tuple[str, Preset]]:
        """Ask for the preset of each kind of stage that the project does not have."""
        presets: list[tuple[str, Preset]] = []
        for kind in missing_kinds(text):
            known = {each.name: each for each in list_presets() if each.kind == kind}
            for each in known.values():
                self.line(f"  <c1>{each.name}</c1>  {escape(each.description)}")
            answer = self._one_of(f"Preset of the stage {kind}", [*known, _NONE])
            if answer != _NONE:
                presets.append((kind, known[answer]))
        return presets

    def _chosen(self, presets: list[tuple[str, Preset]], *, asking: bool) -> list[NewStage]:
        accelerators: list[str] = self.option("accelerator")
        choosing = presets_to_choose_for(presets, accelerators)
        if asking and choosing:
            others = choosing[1:]
            known = [
                a for a in choosing[0].accelerators if all(a in p.accelerators for p in others)
            ]
            accelerators = [*accelerators, self._one_of("Accelerator", known)]
        return stages_from(presets, accelerators)

    def _one_of(self, question: str, choices: list[str]) -> str:
        return str(self.ask(ChoiceQuestion(question, choices, 0)))

    def _show(self, before: str, after: str, *, is_shown: bool) -> None:
        """Print the new file if `is_shown`, and always the diff to an existing one."""
        if before:
            diff = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
            self._print("Changes to pyproject.toml", list(diff)[2:])
            self._explain(before, after)
        elif is_shown:
            self._print("Generated file", after.splitlines())

    def _print(self, title: str, lines: list[str]) -> None:
        self.line(f"<info>{title}</info>\n")
        for line in lines:
            self.line(escape(line))
        self.line("")

    def _explain(self, before: str, after: str) -> None:
        """Explain what `isolated` changes for groups that exist already."""
        groups = newly_hidden(before, after)
        if groups:
            noun = "group" if len(groups) == 1 else "groups"
            self.line(
                f"Because of `isolated`, `poetry lock` and Poetry's other commands will leave out"
                f" the {noun} {escape(joined(groups))}, which `poetry fti lock` locks instead.\n"
            )

    def _confirmed(self, *, asking: bool) -> bool:
        """Return whether to write the file; without interaction it is written."""
        if not asking or not self.io.is_interactive():
            return True
        return self.confirm("Do you confirm generation?", default=True)

    def _report(self, stages: list[NewStage]) -> None:
        for stage in stages:
            self.line(
                f"Created the stage <c1>{escape(stage.name)}</c1> from {escape(stage.preset.name)}."
            )
        name = escape(stages[-1].name)
        self.line(
            "Lock the stages with <info>poetry fti lock</info>, then install one with"
            f" <info>poetry fti install {name}</info>."
        )


def _named(word: str) -> tuple[str, Preset]:
    name, equals, preset = word.partition("=")
    found = find_preset(preset if equals else name)
    return (name, found) if equals else (found.kind, found)
