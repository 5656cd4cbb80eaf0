"""What can be completed at each place of a command line of `poetry fti`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from cleo.formatters.formatter import Formatter

from poetry_fti.commands.shared.options import TOOL_FORMATS
from poetry_fti.model.check import CHECKS
from poetry_fti.model.formats import FORMATS
from poetry_fti.model.stage import KINDS
from poetry_fti.operations.presets import list_presets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cleo.commands.command import Command
    from cleo.io.inputs.option import Option

Candidates: TypeAlias = "tuple[tuple[str, str], ...]"

SHELLS: Final = ("bash", "zsh", "fish")
COMMANDS: Final = "commands"
GLOBAL_OPTIONS: Final = "poetry -"
# The arguments that are names of stages. The other words after `update` can only be packages, which
# may be preceded by stages.
_STAGES: Final = {"stage", "stages"}
_ALSO_STAGES: Final = {"update packages"}
_WITH_STAGES: Final = {"add --stage", "remove --stage", "update --stage", "verify --stage"}
_FORMATS_OF: Final = {
    "affected": ("text", "json", "github", "gitlab"),
    "check": ("text", "json", *TOOL_FORMATS),
    "diff": ("text", "json", "markdown"),
    "export": tuple(FORMATS),
    "report": ("html", "markdown"),
    "verify": ("text", "json", *TOOL_FORMATS),
}


@dataclass(slots=True)
class Places:
    """The places of a command line, and what can be completed there.

    A place is `COMMANDS`, `GLOBAL_OPTIONS`, "env" (its subcommands), "COMMAND -" (its options),
    "COMMAND --OPTION" (the values of an option), "COMMAND: 1" (its first argument) or "COMMAND: *"
    (all other arguments).

    Attributes:
        candidates: words and their descriptions, by place; an empty tuple where there are none.
        stages: the places where the project's stages can be completed.
        valued: the options that are followed by a value, as "COMMAND --OPTION", or for Poetry's
            global options as "--OPTION".
    """

    candidates: dict[str, Candidates] = field(default_factory=dict)
    stages: list[str] = field(default_factory=list)
    valued: list[str] = field(default_factory=list)

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The first words of the commands that have two words, such as "env"."""
        firsts = (place.split()[0] for place in self.candidates if place.endswith(" -"))
        return tuple(dict.fromkeys(first for first in firsts if first in self.candidates))


def places(commands: Mapping[str, Command], global_options: Iterable[Option]) -> Places:
    """Return the places of all commands, which are given by their names below `poetry fti`."""
    result = Places()
    options = tuple(global_options)
    result.candidates[COMMANDS] = tuple(_first_words(commands))
    result.candidates[GLOBAL_OPTIONS] = tuple(_described(options))
    result.valued += _valued("", options)
    for name, command in commands.items():
        first, _, second = name.partition(" ")
        if second:
            subcommands = result.candidates.get(first, ())
            result.candidates[first] = (*subcommands, (second, _text(command.description)))
        _add_options(result, name, command)
        _add_arguments(result, name, command)
    return result


def _first_words(commands: Mapping[str, Command]) -> Iterator[tuple[str, str]]:
    namespaces: set[str] = set()
    for name, command in commands.items():
        first, _, second = name.partition(" ")
        if not second:
            yield first, _text(command.description)
        elif first not in namespaces:
            namespaces.add(first)
            yield first, ""


def _add_options(result: Places, name: str, command: Command) -> None:
    own = command.options
    result.candidates[f"{name} -"] = tuple(_described(own))
    result.valued += _valued(f"{name} ", own)
    for option in own:
        values = _values(name, option.name)
        for spelling in _spellings(option):
            place = f"{name} {spelling}"
            if values:
                result.candidates[place] = tuple((value, "") for value in values)
            if f"{name} --{option.name}" in _WITH_STAGES:
                result.stages.append(place)


def _add_arguments(result: Places, name: str, command: Command) -> None:
    for number, argument in enumerate(command.arguments, 1):
        place = f"{name}: *" if argument.is_list() else f"{name}: {number}"
        if argument.name in _STAGES or f"{name} {argument.name}" in _ALSO_STAGES:
            result.stages.append(place)
        elif argument.name == "preset":
            presets = ((each.name, each.description) for each in list_presets())
            result.candidates[place] = tuple(presets)
        elif argument.name == "shell":
            result.candidates[place] = tuple((shell, "") for shell in SHELLS)
        elif not argument.is_list():
            result.candidates[place] = ()  # a list that follows does not begin here


def _values(command: str, option: str) -> tuple[str, ...]:
    """Return the values of an option, or an empty tuple if they cannot be listed."""
    if option == "format":
        return _FORMATS_OF.get(command, ("text", "json"))
    if command == "check" and option in {"only", "skip", "explain"}:
        return CHECKS
    if command == "import" and option == "kind":
        return KINDS
    if command == "init" and option == "stage":
        return tuple(preset.name for preset in list_presets())
    if command == "init" and option == "accelerator":
        return tuple(dict.fromkeys(a for preset in list_presets() for a in preset.accelerators))
    return ()


def _described(options: Iterable[Option]) -> Iterator[tuple[str, str]]:
    yield from ((f"--{option.name}", _text(option.description)) for option in options)


def _valued(prefix: str, options: Iterable[Option]) -> Iterator[str]:
    for option in options:
        if option.accepts_value():
            yield from (f"{prefix}{spelling}" for spelling in _spellings(option))


def _spellings(option: Option) -> Iterator[str]:
    yield f"--{option.name}"
    if option.shortcut:
        yield from (f"-{letter}" for letter in option.shortcut.split("|"))


def _text(description: str) -> str:
    """Return a description on one line without cleo's markup."""
    return " ".join(Formatter().remove_format(description).split())
