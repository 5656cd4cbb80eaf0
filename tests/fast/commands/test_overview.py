"""`poetry fti` alone, its version, and names that no command has."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

import pytest
from cleo.testers.application_tester import ApplicationTester
from poetry.console.application import Application

from poetry_fti import interruption
from poetry_fti.commands.overview import GROUPS
from poetry_fti.plugin import COMMANDS, FtiPlugin

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tester(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ApplicationTester:
    """Poetry with this plugin, in a folder without a project."""
    monkeypatch.chdir(tmp_path)
    application = Application()
    vars(application)["_plugins_loaded"] = True
    FtiPlugin().activate(application)
    vars(application)["_auto_exit"] = False
    return ApplicationTester(application)


def test_every_command_is_in_one_group() -> None:
    names = [name for names in GROUPS.values() for name in names]
    assert sorted(names) == sorted(COMMANDS)


@pytest.mark.parametrize("words", ["fti", "fti --help"])
def test_commands_are_listed_in_groups(tester: ApplicationTester, words: str) -> None:
    assert tester.execute(words) == 0
    lines = [line.strip() for line in tester.io.fetch_output().splitlines()]
    assert [line for line in lines if line in GROUPS] == list(GROUPS)
    lock = "lock               Locks the pipeline stages, at the same versions wherever possible."
    assert lines[lines.index("Lock and export") + 1] == lock
    assert "Run poetry fti COMMAND --help for the options of a command." in lines


LIST: Final = " Run `poetry fti` to list the commands."


@pytest.mark.slow_after(2)
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("lokc", f'There is no command "lokc"; did you mean "lock"?{LIST}'),
        ("lokc training --check", f'There is no command "lokc"; did you mean "lock"?{LIST}'),
        ("unheard", f'There is no command "unheard".{LIST}'),
        ("env lsit", f'There is no command "env lsit"; did you mean "env list"?{LIST}'),
        (
            "env",
            (
                '"env" is not a complete command. Run `poetry fti env info`, `poetry fti env list`,'
                " `poetry fti env use` or `poetry fti env remove`."
            ),
        ),
    ],
)
def test_an_unknown_command(tester: ApplicationTester, words: str, message: str) -> None:
    assert tester.execute(f"fti {words}") == 1
    assert tester.io.fetch_output() == ""
    assert tester.io.fetch_error() == f"{message}\n"


@pytest.mark.parametrize(
    ("words", "is_ours"),
    [
        (["fti", "--version"], True),
        (["-C", "lock", "fti", "-V"], True),
        (["fti", "lock", "--version"], False),
        (["--version"], False),
    ],
)
def test_the_version_is_that_of_the_plugin(
    monkeypatch: pytest.MonkeyPatch, words: list[str], *, is_ours: bool
) -> None:
    monkeypatch.setattr(sys, "argv", ["poetry", *words])
    monkeypatch.setattr(interruption, "install", lambda: None)  # it would last
    application = Application()
    FtiPlugin().activate(application)
    ours = f"<b>poetry-fti</b> (version <c1>{version('poetry-fti')}</c1>)"
    assert (application.long_version == ours) is is_ours
