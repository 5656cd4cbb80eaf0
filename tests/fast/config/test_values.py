"""Values of each key that are refused before anything runs, with the exact problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases import examples
from memory_commands import Ended, run
from poetry_fti import files
from poetry_fti.bridge.project.checks import POETRY_CHECKS
from poetry_fti.config.pyproject import read_pyproject
from poetry_fti.errors import ProblemsError
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

STAGE: Final = "tool.fti.stages.training"
IMAGE: Final = f"{STAGE}.image"
CHECK: Final = f"{IMAGE}.healthcheck"
SPECIFIER: Final = 'is not a version specifier such as ">=3.11,<3.14"'
INSIDE: Final = 'must be a folder inside the project, such as "fti"'
BLANK: Final = "has a name that starts with a blank, or ends in a blank or a dot"
NULL: Final = "contains a null character"


def project(values: dict[str, Any]) -> dict[str, Any]:
    """Return the data of a project with these values at dotted keys."""
    data: dict[str, Any] = {
        "project": {"name": "demo", "version": "1", "optional-dependencies": {"fast": []}},
        "dependency-groups": {"training": [], "dev": []},
        "tool": {"poetry": {"package-mode": False}, "fti": {"stages": {"training": {}}}},
    }
    for path, value in values.items():
        *keys, last = path.split(".")
        table = data
        for key in keys:
            table = table.setdefault(key, {})
        table[last] = value
    return data


def problems(values: dict[str, Any]) -> list[str]:
    """Return the problems of a project with these values at dotted keys."""
    try:
        read_pyproject(project(values), POETRY_CHECKS)
    except ProblemsError as error:
        return [line.removeprefix("  ") for line in str(error).split("\n")[1:]]
    return []


@pytest.mark.slow_after(12)
@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("tool.fti.directory", "", f'"" {INSIDE}'),
        ("tool.fti.directory", " ", BLANK),
        ("tool.fti.directory", "a/ b", BLANK),
        ("tool.fti.directory", "a/b.", BLANK),
        ("tool.fti.directory", "/a", f'"/a" {INSIDE}'),
        ("tool.fti.directory", "a/../b", f'"a/../b" {INSIDE}'),
        ("tool.fti.directory", "a\x7fb", f'"a\\x7fb" {INSIDE}'),
        ("tool.fti.directory", "a\N{NEXT LINE}b", f'"a\\x85b" {INSIDE}'),
        ("tool.fti.directory", "a" * 256, "has a name of more than 255 bytes"),
        ("tool.fti.directory", "é" * 128, "has a name of more than 255 bytes"),
        ("tool.fti.directory", "a/" * 501 + "a", "is longer than 1000 bytes"),
        (
            "tool.fti.directory",
            "a/Nul.txt",
            'has the name "Nul.txt", which Windows reserves for a device',
        ),
        (f"{STAGE}.python", "", f'"" {SPECIFIER}'),
        (f"{STAGE}.python", " ", f'" " {SPECIFIER}'),
        (f"{STAGE}.python", ",", f'"," {SPECIFIER}'),
        (f"{STAGE}.python", ">=3.12,<3.11", '">=3.12,<3.11" allows no version'),
        (
            f"{STAGE}.python",
            "===3.11",
            '"===3.11" is not a version constraint such as ">=2,<3" or "*"',
        ),
        (f"{STAGE}.groups", ["dev", "Dev"], '[1]: "Dev" is listed twice'),
        (f"{STAGE}.dev-groups", ["dev", "dev"], '[1]: "dev" is listed twice'),
        (f"{STAGE}.extras", ["fast", "FAST"], '[1]: "FAST" is listed twice'),
        (
            f"{STAGE}.libc",
            "glibc-2.999999999",
            '"glibc-2.999999999" is not a C library such as "glibc-2.36" or "musl-1.2"',
        ),
        (f"{STAGE}.macos", "0.0", '"0.0" is not a version such as "14.0"'),
        (f"{STAGE}.env", {"A": "\0"}, f".A: {NULL}"),
        (f"{IMAGE}.labels", {"A": "\0"}, f".A: {NULL}"),
        (f"{IMAGE}.name", "a" * 256, "has 256 characters; at most 255 are allowed"),
        (
            f"{IMAGE}.template",
            "a\u2028b",
            (
                '"a\\u2028b" must be a file inside the project, such as'
                ' "docker/inference.Dockerfile"'
            ),
        ),
        (f"{IMAGE}.apt", ["curl", "curl"], '[1]: "curl" is listed twice'),
        (f"{IMAGE}.command", [" "], "[0]: is empty; it must name a program"),
        (f"{IMAGE}.command", ["a", "\0"], f"[1]: {NULL}"),
        (f"{IMAGE}.entrypoint", [""], "[0]: is empty; it must name a program"),
        (f"{CHECK}.command", [""], "[0]: is empty; it must name a program"),
    ],
)
def test_a_value_that_is_refused(path: str, value: object, problem: str) -> None:
    joint = "" if problem.startswith((".", "[")) else ": "
    assert problems({path: value}) == [f"{path}{joint}{problem}"]


@pytest.mark.parametrize("retries", [-1, 0, 1001, 10**30])
def test_retries_of_a_health_check(retries: int) -> None:
    values = {f"{CHECK}.command": ["true"], f"{CHECK}.retries": retries}
    assert problems(values) == [f"{CHECK}.retries: must be from 1 to 1000, not {retries}"]


@pytest.mark.parametrize("name", ["con", "AUX", "nul", "prn", "com1", "lpt9", "com0"])
def test_stages_whose_folders_windows_cannot_create(name: str) -> None:
    (problem,) = problems({"tool.fti.stages": {name: {"kind": "training", "groups": []}}})
    assert problem == (
        f'tool.fti.stages.{name}: the stage\'s folder has the name "{name}",'
        " which Windows reserves for a device"
    )


def test_the_name_of_a_stage_is_part_of_file_names() -> None:
    stages = {"a" * length: {"kind": "training", "groups": []} for length in (200, 201)}
    assert problems({"tool.fti.stages": stages}) == [
        f"tool.fti.stages.{'a' * 201}: a stage's name may have at most 200 characters"
    ]


def test_a_wrong_value_is_reported_before_anything_runs(demo: MemoryProject) -> None:
    demo.write(pyproject({"training": []}, '[tool.fti.stages.training]\npython = " "\n'))
    message = f'pyproject.toml has 1 problem:\n  {STAGE}.python: " " {SPECIFIER}\n'
    for command in ("list", "lock", "lock --check", "export", "update", "install training"):
        assert run(demo, *command.split()) == Ended(2, "", message)


KEYS: Final = [
    *(
        f"tool.fti.{key}"
        for key in ("directory", "exports", "overrides", "constraints", "isolated")
    ),
    *(
        f"{STAGE}.{key}"
        for key in (
            *("kind", "groups", "dev-groups", "extras", "python", "platforms", "libc", "macos"),
            *("env", "overrides", "exclude", "constraints", "isolated"),
        )
    ),
    *(
        f"{IMAGE}.{key}"
        for key in (
            *("name", "template", "base", "dockerfile", "python", "installer", "code", "copy"),
            *("run-before", "apt", "build-apt", "run-after", "user", "workdir", "env", "labels"),
            *("expose", "entrypoint", "command"),
        )
    ),
    *(
        f"{CHECK}.{key}"
        for key in ("http", "port", "command", "interval", "timeout", "start-period", "retries")
    ),
]
CONTROLS: Final = st.sampled_from("\0\t\n\r\x1b\x7f\x85\u2028\u2029\\:*\"'<>|?")
# Blanks, control characters, parts of paths, reserved names, and numbers without measure.
TEXTS: Final = st.lists(
    st.sampled_from(["", " ", "a", "/", "..", "-", ".", "con", "nul.x", "1", "é" * 200, "~", ">="])
    | CONTROLS,
    max_size=4,
).map("".join)
SCALARS: Final = TEXTS | st.sampled_from([-1, 0, 1, 65536, 10**30, 1.5, True, False])
VALUES: Final = (
    SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(TEXTS, SCALARS, max_size=2)
)


@settings(max_examples=examples(90), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(KEYS), VALUES)
def test_a_value_is_refused_as_configuration_or_can_be_used(
    demo: MemoryProject, path: str, value: object
) -> None:
    values = {path: value} | ({f"{CHECK}.port": 1} if path == f"{CHECK}.http" else {})
    demo.write(tomlkit.dumps(project(values)))
    if problems(values):
        with pytest.raises(ProblemsError):
            demo.load()
        return
    (stage,) = demo.load().stages
    with files.folder(stage.path.parent):
        assert stage.path.parent.is_dir()
    assert all("\0" not in text for _, text in stage.stage.env)
