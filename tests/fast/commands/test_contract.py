"""What every command keeps to, and that the reference covers each option, key and format."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from cleo.io.inputs.argument import Argument
from cleo.io.inputs.definition import Definition
from cleo.io.inputs.option import Option
from poetry.console.application import Application
from poetry.console.commands.command import Command
from poetry.utils._compat import tomllib

from poetry_fti.checks import load_check
from poetry_fti.config.read import read_config
from poetry_fti.config.table import Table
from poetry_fti.model.check import CHECKS
from poetry_fti.model.formats import FORMATS
from poetry_fti.plugin import COMMANDS, FtiPlugin, command_class

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from poetry_fti.model.problem import Problem

REFERENCE: Final = Path(__file__).parents[3] / "docs/reference"
SECTION: Final = re.compile(r"(?m)^## (.*)\n((?:(?!## ).*\n)*)")
ROW: Final = re.compile(r"(?m)^\| `([a-z-]+)` \|")
EVERY_TABLE: Final = """\
[tool.fti.image]
[tool.fti.stages."<name>".image.healthcheck]
http = "/"
port = 1
[[tool.fti.align]]
packages = ["*"]
[[tool.fti.check.waivers]]
"""


@cache
def sections(page: str) -> dict[str, str]:
    """Return the sections of a page of the reference by their headings."""
    return dict(SECTION.findall((REFERENCE / page).read_text(encoding="utf-8")))


def section_of(command: str) -> str:
    """Return heading and text of the only section on a command."""
    pattern = re.compile(rf"`poetry fti {re.escape(command)}[ `]")
    found = [
        f"{heading}\n{text}"
        for heading, text in sections("commands.md").items()
        if pattern.search(heading)
    ]
    assert len(found) == 1, command
    return found[0]


def poetrys_commands() -> Iterator[type[Command]]:
    """Yield Poetry's own commands that have been imported."""
    classes = [Command]
    for each in classes:
        classes += each.__subclasses__()
        if each.__module__.startswith("poetry.console."):
            yield each


def own_options(command: type[Command]) -> list[str]:
    """Return the options of a command, without those that it has taken from a command of Poetry."""
    copied = {id(option) for poetrys in poetrys_commands() for option in poetrys.options}
    return [option.name for option in command.options if id(option) not in copied]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_can_be_loaded_and_describes_itself(name: str) -> None:
    command = command_class(name)
    assert issubclass(command, Command)
    assert command.name == f"fti {name}"
    assert command.description.endswith(".")
    assert command.help or set(own_options(command)) <= {"format"}


@pytest.mark.parametrize("name", COMMANDS)
def test_arguments_and_options_are_a_valid_definition(name: str) -> None:
    command = command_class(name)
    assert all(isinstance(argument, Argument) for argument in command.arguments)
    assert all(isinstance(option, Option) for option in command.options)
    assert all(argument.description for argument in command.arguments)
    assert all(option.description for option in command.options)
    definition = Definition([*command.arguments, *command.options])
    definition.set_options([*definition.options, *Application().definition.options])


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_in_the_reference_with_its_own_options(name: str) -> None:
    text = section_of(name)
    assert [each for each in own_options(command_class(name)) if f"--{each}" not in text] == []


def test_poetry_finds_every_command() -> None:
    application = Application()
    FtiPlugin().activate(application)
    for name in COMMANDS:
        assert isinstance(application.find(f"fti {name}"), command_class(name))


def test_every_key_of_the_configuration_is_in_the_reference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known: dict[str, set[str]] = {}
    make = Table.__init__

    def record(
        self: Table,
        mapping: Mapping[str, Any],
        path: str,
        problems: list[Problem],
        *,
        keys: Collection[str] | None = None,
    ) -> None:
        if keys:
            known[path.replace('"', "")] = set(keys)
        make(self, mapping, path, problems, keys=keys)

    monkeypatch.setattr(Table, "__init__", record)
    read_config(tomllib.loads(EVERY_TABLE), FORMATS, [])
    documented = {
        heading.strip("`[]"): set(ROW.findall(text))
        for heading, text in sections("configuration.md").items()
    }
    assert known.keys() == {
        "tool.fti",
        "tool.fti.image",
        "tool.fti.stages.<name>",
        "tool.fti.stages.<name>.image",
        "tool.fti.stages.<name>.image.healthcheck",
        "tool.fti.stages.<name>.resources",
        "tool.fti.stages.<name>.hopsworks",
        "tool.fti.pipeline",
        "tool.fti.align[0]",
        "tool.fti.check",
        "tool.fti.check.waivers[0]",
        "tool.fti.stages.<name>.check",
    }
    # The names of the checks are in the reference of the command.
    assert known.pop("tool.fti.check") == {*CHECKS, "waivers"}
    assert known.pop("tool.fti.stages.<name>.check") == set(CHECKS)
    for path, keys in known.items():
        assert documented[path.removesuffix("[0]")] == keys, path


def test_every_check_is_in_the_reference_with_its_summary() -> None:
    rows = [f"| `{name}` | {load_check(name).summary}" for name in CHECKS]
    assert [row for row in rows if row not in section_of("check")] == []


def test_every_format_is_in_the_reference() -> None:
    files = (REFERENCE / "files.md").read_text(encoding="utf-8")
    documented = re.findall(r"(?m)^\|[^|]+\|[^|]+\|([^|]+)\|", files)
    export = section_of("export")
    for name in FORMATS:
        assert any(f"`{name}`" in cell for cell in documented), name
        assert f"`{name}`" in export, name
