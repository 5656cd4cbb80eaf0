"""The completion scripts, in the shells themselves."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

import pytest
from cleo.testers.application_tester import ApplicationTester
from poetry.console.application import Application

from poetry_fti.plugin import COMMANDS, FtiPlugin, command_class

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

if sys.platform != "win32":
    import pty

pytestmark = [
    pytest.mark.newest_only,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals"),
]

PYPROJECT: Final = """\
[dependency-groups]
inference = []
training = []
[tool.fti.stages.gpu]
kind = "training"
groups = ["training"]
[tool.fti.stages."$(touch pwned)"]
kind = "feature"
"""
# How Poetry registers its own completions in each shell: `poetry` is followed by `own`.
OWN: Final = {
    "bash": "_own() { COMPREPLY=(own); }\ncomplete -o default -F _own poetry\n",
    "zsh": "_own() { compadd own }\ncompdef _own poetry\n",
    "fish": (
        "complete -c poetry -f -n '__fish_is_first_token; or true' -a own\n"
        "complete -c poetry -n '__fish_seen_subcommand_from lock' -l only-poetrys -d 'A -n b'\n"
    ),
}
STAGES: Final = ["gpu", "inference"]


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


def ask_bash(folder: Path, lines: Sequence[str]) -> list[list[str]]:
    """Complete lines, which bash has split into words at spaces and `=`."""
    program = [OWN["bash"], script("bash"), script("bash")]
    for line in lines:
        words = " ".join(f"'{word}'" for word in re.split(r" |(?==)|(?<==)", line))
        program.append(
            f"COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMPREPLY=()\n"
            '_poetry_fti; echo "${COMPREPLY[@]}"'
        )
    file = folder / "completing.sh"
    file.write_text("\n".join(program), encoding="utf-8")
    output = subprocess.check_output(["bash", "--norc", file], cwd=folder, text=True)
    return [sorted(line.split()) for line in output.splitlines()]


def ask_fish(folder: Path, lines: Sequence[str]) -> list[list[str]]:
    program = [OWN["fish"], script("fish"), script("fish")]
    program += [f"complete -C '{line}'; echo ===" for line in lines]
    file = folder / "completing.fish"
    file.write_text("\n".join(program), encoding="utf-8")
    output = subprocess.check_output(["fish", "--no-config", file], cwd=folder, text=True)
    answers = output.split("===\n")[:-1]
    found = ([line.split("\t")[0] for line in answer.splitlines()] for answer in answers)
    return [sorted(re.sub("^--[^=]*=", "", word) for word in words) for words in found]


ASK: Final[dict[str, Callable[[Path, Sequence[str]], list[list[str]]]]] = {
    "bash": ask_bash,
    "fish": ask_fish,
}


def needs(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    (tmp_path / "project/below").mkdir()
    (tmp_path / "project/pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    return tmp_path / "project"


@pytest.mark.parametrize("shell", ASK)
def test_places_of_a_command_line(project: Path, shell: str) -> None:
    needs(shell)
    expected = {
        "poetry fti env ": ["info", "list", "remove", "use"],
        "poetry fti l": ["list", "lock"],
        "poetry fti lock ": STAGES,
        "poetry -v fti lock --check gpu in": ["inference"],
        "poetry fti run ": STAGES,
        "poetry fti run --s": ["--since", "--sync"],
        "poetry fti add --stage gpu --stage ": STAGES,
        "poetry fti update numpy g": ["gpu"],
        "poetry fti env use 3.12 ": STAGES,
        "poetry fti export gpu --format py": ["pylock", "pyproject"],
        "poetry fti export --format=py": ["pylock", "pyproject"],
        "poetry fti export -f pylock -f d": ["dagster", "devcontainer", "dockerfile"],
        "poetry fti list --format ": ["json", "text"],
        "poetry fti diff --format m": ["markdown"],
        "poetry fti affected --format g": ["github", "gitlab"],
        "poetry fti check --format s": ["sarif"],
        "poetry fti check --only fo": ["forbid"],
        "poetry fti init --stage feature-s": ["feature-spark"],
        "poetry fti import g": ["gpu"],
        "poetry fti import gpu --kind t": ["training"],
        "poetry fti presets training-to": ["training-torch"],
        "poetry fti completions ": ["bash", "fish", "zsh"],
        "poetry fti --no-a": ["--no-ansi"],
        "poetry fti lock --xyz": [],
        "poetry lock ": ["own"],
        "poetry -C fti lock ": ["own"],
    }
    assert dict(zip(expected, ASK[shell](project, list(expected)), strict=True)) == expected
    assert not (project / "pwned").exists()


@pytest.mark.parametrize("shell", ASK)
def test_files_are_completed_where_no_other_word_is_known(project: Path, shell: str) -> None:
    needs(shell)
    lines = ["poetry fti run gpu ./bel", "poetry fti env use ./bel", "poetry fti kernel --name ./b"]
    # bash completes files itself where a function has no candidates (`complete -o default`).
    files = [] if shell == "bash" else ["./below/"]
    assert ASK[shell](project, lines) == [files, files, files]


@pytest.mark.parametrize("shell", ASK)
def test_all_commands_and_options(project: Path, shell: str) -> None:
    needs(shell)
    lines = {f"poetry fti {name} --": command_class(name).options for name in COMMANDS}
    every = application().application.definition.options
    for line, found in zip(lines, ASK[shell](project, list(lines)), strict=True):
        assert found == sorted(f"--{each.name}" for each in (*lines[line], *every)), line
    firsts = sorted({name.split()[0] for name in COMMANDS})
    assert ASK[shell](project, ["poetry fti "]) == [firsts]


@pytest.mark.parametrize("shell", ASK)
def test_the_project_of_the_command_line(project: Path, shell: str) -> None:
    needs(shell)
    lines = [
        "poetry -C project/below fti lock ",
        "poetry fti lock --directory=project -P below ",
        "poetry fti -P missing lock ",
    ]
    (project / "below/pyproject.toml").write_text("[dependency-groups]\nfeature = []\n")
    expected = [["feature"], ["feature"], []]
    found = ASK[shell](project.parent, lines)
    assert found[:2] == expected[:2]
    assert not set(found[2]).intersection(STAGES)


def test_an_unreadable_project_has_no_stages_to_complete(project: Path) -> None:
    needs("bash")
    (project / "pyproject.toml").write_text("[tool", encoding="utf-8")
    assert ask_bash(project, ["poetry fti lock "]) == [[]]


def test_no_module_is_imported_from_the_project(project: Path) -> None:
    needs("bash")
    for name in ("poetry_fti", "packaging", "tomllib", "re"):
        text = "from pathlib import Path\nPath('pwned').touch()\n"
        (project / f"{name}.py").write_text(text, encoding="utf-8")
    assert ask_bash(project, ["poetry fti lock "]) == [STAGES]
    assert not (project / "pwned").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("poetry fti lock inf\t", "fti lock inference"),
        ("poetry fti expo\t--format=dock\tg\t", "fti export --format=dockerfile gpu"),
        ("poetry fti lock --reg\t", "fti lock --regenerate"),
        ("poetry fti run gpu ./bel\tx", "fti run gpu ./below/x"),
        ("poetry o\t", "own"),
    ],
)
def test_at_a_terminal(project: Path, shell: str, typed: str, completed: str) -> None:
    needs(shell)
    begin = "autoload -Uz compinit; compinit -D\n" if shell == "zsh" else ""
    text = f'{begin}{OWN[shell]}{script(shell)}\npoetry() {{ echo "[$*]" >answer; }}\n'
    (project / "start").write_text(text, encoding="utf-8")
    options = ["--norc", "--noprofile"] if shell == "bash" else ["--no-globalrcs"]
    command = [shell, *options, "-i"]
    assert answer(command, project, typed) == f"[{completed}]\n"


def answer(command: list[str], folder: Path, typed: str) -> str:
    """Type into a shell at a terminal, a key after the shell has reacted to the previous ones."""
    terminal, end = pty.openpty()
    environment = {**os.environ, "PS1": "$ ", "TERM": "dumb", "HOME": str(folder)}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=end, stdout=end, stderr=end, close_fds=True
    ) as process:
        os.close(end)
        for part in (". ./start\n", *re.split(r"(?<=\t)", typed), "\n"):
            os.write(terminal, part.encode())
            _read_until_silent(terminal)
        deadline = time.monotonic() + 10
        while not (folder / "answer").exists() and time.monotonic() < deadline:
            _read_until_silent(terminal)
        process.kill()
    os.close(terminal)
    return (folder / "answer").read_text(encoding="utf-8")


def _read_until_silent(terminal: int) -> None:
    while select.select([terminal], [], [], 0.3)[0]:
        os.read(terminal, 4096)
