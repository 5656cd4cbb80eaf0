"""`poetry fti init`: stages in a new project or in one that exists."""

from __future__ import annotations

import difflib
from importlib.metadata import version
from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import option
from cleo.ui.choice_question import ChoiceQuestion
from packaging.version import Version
from poetry.console.commands.init import InitCommand as PoetryInitCommand

from poetry_fti import files
from poetry_fti.bridge.project.python_versions import project_python
from poetry_fti.commands.poetry.new_project import Generator, existing_text, new_text
from poetry_fti.commands.shared.console import escape, guarded
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.commands.shared.questions import AskingCommand
from poetry_fti.errors import DONE, FAILED, ConfigError, FtiError
from poetry_fti.operations.project import accept
from poetry_fti.scaffold.new_stages import NewStage, free_kinds, scaffold
from poetry_fti.scaffold.preset_library import find, packaged
from poetry_fti.scaffold.toml_text import parse

if TYPE_CHECKING:
    from cleo.io.inputs.option import Option

    from poetry_fti.scaffold.presets import Preset

_NONE = "none"


class InitCommand(AskingCommand, Generator):
    """Makes stages."""

    name = "fti init"
    description = "Makes pipeline stages, in a new project or in the one that is here."
    options: ClassVar[list[Option]] = [
        option(
            "stage",
            None,
            "A stage to make, as NAME=PRESET, or PRESET for one named after its kind; a preset is a"
            " name (see poetry fti presets) or a path that ends in .toml.",
            flag=False,
            multiple=True,
        ),
        option(
            "accelerator", None, "What training runs on, such as cpu, cuda or cu128.", flag=False
        ),
        *PoetryInitCommand.options,
    ]
    help = """\
Asks which stages to make, and of which presets, then adds them to pyproject.toml. Without a
pyproject.toml it makes one first, as <info>poetry init</info> does and with its options.

<info>poetry fti init</info>
<info>poetry fti init --stage feature-spark --stage training-torch --accelerator cu128</info>
<info>poetry fti init --no-interaction --stage serving=our-presets/inference.toml</info>"""

    @guarded
    @exclusive()
    def handle(self) -> int:
        """Ask, generate, check, and only then write."""
        wanted: list[str] = self.option("stage")
        if not wanted and not self.io.is_interactive():
            names = ", ".join(preset.name for preset in packaged())
            message = "Say which stages to make, each with `--stage NAME=PRESET`"
            raise FtiError(f"{message} (presets: {names}; or a path that ends in .toml).")
        presets = [_named(word) for word in wanted]
        folder = self.get_application().project_directory
        before = existing_text(folder)
        self._refuse_idle_options(is_new=before is None)
        text = new_text(folder, self.generated) if before is None else before
        if text is None:
            return FAILED
        stages = self._chosen(presets or self._asked(text), asking=not wanted)
        if not stages:
            self.line("There are no new stages to make.")
            return DONE
        after = scaffold(text, stages, python=project_python(parse(text)), version=_version())
        accept(after, folder)
        if not wanted and not self._confirmed(before or "", after):
            self.line_error("<error>Command aborted</error>")
            return FAILED
        files.replace({folder / "pyproject.toml": after})
        self._report(stages)
        return DONE

    def _refuse_idle_options(self, *, is_new: bool) -> None:
        for each in () if is_new else PoetryInitCommand.options:
            if self.option(each.name):
                message = f"The option --{each.name} is for a new project, and there is one here."
                raise FtiError(message)

    def _asked(self, text: str) -> list[tuple[str, Preset]]:
        """Ask for the preset of each kind of stage that the project has not."""
        presets: list[tuple[str, Preset]] = []
        for kind in free_kinds(text):
            known = {each.name: each for each in packaged() if each.kind == kind}
            for each in known.values():
                self.line(f"  <c1>{each.name}</c1>  {escape(each.description)}")
            answer = self._one_of(f"Preset of the stage {kind}", [*known, _NONE])
            if answer != _NONE:
                presets.append((kind, known[answer]))
        return presets

    def _chosen(self, presets: list[tuple[str, Preset]], *, asking: bool) -> list[NewStage]:
        accelerator = self.option("accelerator")
        choosing = [preset for _, preset in presets if preset.accelerators]
        if accelerator and not choosing:
            raise ConfigError("None of the presets has a choice of accelerators.")
        if asking and choosing and not accelerator:
            others = choosing[1:]
            known = [
                a for a in choosing[0].accelerators if all(a in p.accelerators for p in others)
            ]
            accelerator = self._one_of("Accelerator", known)
        return [
            NewStage(name=name, preset=preset, packages=preset.chosen(accelerator))
            for name, preset in presets
        ]

    def _one_of(self, question: str, choices: list[str]) -> str:
        return str(self.ask(ChoiceQuestion(question, choices, 0)))

    def _confirmed(self, before: str, after: str) -> bool:
        """Show what is to be written, as a diff where there is a file, and ask."""
        lines = after.splitlines()
        if before:
            lines = list(difflib.unified_diff(before.splitlines(), lines, lineterm="", n=1))[2:]
        self.line("<info>Generated file</info>\n")
        for line in lines:
            self.line(escape(line))
        self.line("")
        return self.confirm("Do you confirm generation?", default=True)

    def _report(self, stages: list[NewStage]) -> None:
        for stage in stages:
            self.line(
                f"Made the stage <c1>{escape(stage.name)}</c1> of {escape(stage.preset.name)}."
            )
        name = escape(stages[-1].name)
        self.line(
            "Lock the stages with <info>poetry fti lock</info>, then install one with"
            f" <info>poetry fti install {name}</info>."
        )


def _named(word: str) -> tuple[str, Preset]:
    name, equals, preset = word.partition("=")
    found = find(preset if equals else name)
    return (name, found) if equals else (found.kind, found)


def _version() -> str:
    return Version(version("poetry-fti")).public
