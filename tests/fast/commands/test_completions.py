"""Which shell `poetry fti completions` writes for; tests/real has tests in the shells."""

from __future__ import annotations

import pytest
from cleo.testers.application_tester import ApplicationTester
from poetry.console.application import Application

from poetry_fti.commands.completion.candidates import SHELLS
from poetry_fti.plugin import FtiPlugin

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
