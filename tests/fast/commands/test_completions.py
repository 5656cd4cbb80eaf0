"""Which shell `poetry fti completions` writes for; tests/real has tests in the shells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cleo.testers.application_tester import ApplicationTester
from poetry.console.application import Application

from poetry_fti.commands.completion.candidates import SHELLS, places
from poetry_fti.commands.overview import GROUPS
from poetry_fti.plugin import FtiPlugin

if TYPE_CHECKING:
    from cleo.commands.command import Command

pytestmark = pytest.mark.slow


def application() -> ApplicationTester:
    poetry = Application()
    vars(poetry)["_plugins_loaded"] = True
    FtiPlugin().activate(poetry)
    vars(poetry)["_auto_exit"] = False
    return ApplicationTester(poetry)


def script(shell: str) -> str:
    running = application()
    assert running.execute(f"fti completions {shell}") == 0
    return str(running.io.fetch_output())


def own_commands() -> dict[str, Command]:
    """Return the commands by their names below `poetry fti`."""
    poetry = application().application
    return {name: poetry.find(f"fti {name}") for group in GROUPS.values() for name in group}


def test_the_formats_that_are_completed_are_those_in_the_help() -> None:
    commands = own_commands()
    found = places(commands, [])
    for name, command in commands.items():
        for option in command.options:
            if option.name == "format":
                formats = [word for word, _ in found.candidates[f"{name} --format"]]
                missing = [word for word in formats if word not in option.description]
                assert (name, missing) == (name, [])


def test_each_option_for_a_stage_is_completed_with_stages() -> None:
    commands = own_commands()
    found = places(commands, [])
    having = {name for name, each in commands.items() for o in each.options if o.name == "stage"}
    assert having - {"init"} == {
        place.removesuffix(" --stage") for place in found.stages if place.endswith(" --stage")
    }


@pytest.mark.parametrize(
    ("words", "shell", "message"),
    [
        (
            "zhs",
            "",
            'There is no completion for "zhs"; did you mean "zsh"? Name bash, zsh or fish.',
        ),
        ("", "/bin/nu", 'There is no completion for "nu". Name bash, zsh or fish.'),
        ("", "", "The variable SHELL is not set. Name the shell: bash, zsh or fish."),
    ],
)
def test_other_shells(
    monkeypatch: pytest.MonkeyPatch, words: str, shell: str, message: str
) -> None:
    monkeypatch.setenv("SHELL", shell)
    running = application()
    assert running.execute(f"fti completions {words}") == 2
    assert running.io.fetch_error() == f"{message}\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_of_the_user(monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
    assert script("") == script(shell)
    assert f"for {shell}, written by `poetry fti completions {shell}`" in script("")
