"""Locks of generated projects: always what plain Poetry makes of the derived project."""

from __future__ import annotations

import itertools
from dataclasses import replace
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases import examples
from pythons import find_python, only_pythons

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness import Poetry

REQUIREMENTS = st.sampled_from(
    [
        "alpha<2",
        "alpha>=1.5",
        "sparkish",
        "torchish; sys_platform == 'linux'",
        "boosting[plot]>=1",
        "webby[standard]",
        "native; python_version >= '3.11'",
        "drawing; python_version < '3.12'",
        "Dotted.Name_Pkg",
        "local @ ./libs/local",
    ]
)
CLASSIC = st.sampled_from(
    [
        'alpha = ">=1,<3"',
        'torchish = { version = "*", markers = "sys_platform != \'win32\'" }',
        'native = [{ version = "1.0", python = "<3.12" }, { version = "*", python = ">=3.12" }]',
        'local = { path = "libs/local", develop = true }',
        'boosting = { version = "^1.0", extras = ["plot"], optional = true }',
    ]
)
PYTHONS = st.sampled_from([None, ">=3.10,<3.12", ">=3.11", "==3.12.*"])
INCLUDES = st.sets(st.sampled_from(["shared", "more"]))


def several(requirements: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(requirements, max_size=3, unique=True)


@st.composite
def pyprojects(draw: st.DrawFn) -> str:
    """A pyproject.toml of every style that Poetry reads, with a stage `training`."""
    included = [f'{{ include-group = "{name}" }}' for name in sorted(draw(INCLUDES))]
    python, classic = draw(PYTHONS), draw(several(CLASSIC))
    lines = [
        "[project]",
        'name = "generated"',
        'version = "1"',
        'requires-python = ">=3.10,<3.14"',
        f"dependencies = {draw(several(REQUIREMENTS))}",
        "[project.optional-dependencies]",
        f"fast = {draw(several(REQUIREMENTS))}",
        "slow = ['sourceonly']",
        "[dependency-groups]",
        f"shared = {draw(several(REQUIREMENTS))}",
        'more = [{ include-group = "shared" }, "drawing"]',
        f"training = [{', '.join([*map(repr, draw(several(REQUIREMENTS))), *included])}]",
        "[tool.poetry]",
        "package-mode = false",
        "[tool.poetry.group.training.dependencies]",
        *{line.partition(" ")[0]: line for line in classic}.values(),
        "[tool.fti.stages.training]",
        *([f'python = "{python}"'] if python else []),
        f"extras = {['fast'] if draw(st.booleans()) else []}",
    ]
    return "\n".join(lines) + "\n"


LOCAL = """\
    [project]
    name = "local"
    version = "0.1"
    requires-python = ">=3.10"
    dependencies = ["alpha", "drawing; sys_platform == 'darwin'"]
    """


@pytest.fixture(scope="module")
def poetry(poetry: Poetry, tmp_path_factory: pytest.TempPathFactory) -> Poetry:
    """Poetry with a Python for each of the stages."""
    others = filter(None, map(find_python, ("python3.11", "python3.12")))
    folder = tmp_path_factory.mktemp("pythons") / "bin"
    return replace(poetry, environment=only_pythons(poetry.environment, folder, *others))


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Path]:
    return (tmp_path / str(number) for number in itertools.count())


@settings(
    max_examples=examples(8),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(text=pyprojects())
def test_a_generated_stage_locks_as_plain_poetry_does(
    text: str, folders: Iterator[Path], poetry: Poetry
) -> None:
    root = next(folders)
    local = root / "libs" / "local"
    local.mkdir(parents=True)
    (local / "pyproject.toml").write_text(dedent(LOCAL))
    (root / "pyproject.toml").write_text(text)
    ours = poetry(root, "fti", "lock")
    folder = root / "fti" / "training"
    if ours.code != 0:
        assert poetry(root, "lock", "--no-plugins").code != 0, ours.errors
        assert not folder.exists()
        return
    poetry.ok(root, "fti", "export", "--format", "pyproject")
    locked = (folder / "poetry.lock").read_bytes().partition(b"\n[metadata.fti]\n")[0]
    (folder / "poetry.lock").unlink()
    poetry.ok(folder, "lock", "--no-plugins")
    assert (folder / "poetry.lock").read_bytes() == locked
