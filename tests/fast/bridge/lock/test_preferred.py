"""The previous pins of a stage, compared with what Poetry's locker reads of all of the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locks import LOCKED, lock_of, recorded_lock
from poetry_fti.bridge.lock.preferences import own_pins
from poetry_fti.errors import FtiError
from poetry_fti.operations.project import load_project
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from poetry.core.packages.package import Package

    from locks import Packages
    from poetry_fti.operations.stage import ProjectStage

SOURCE = '\n[package.source]\ntype = "legacy"\nurl = "https://{0}"\nreference = "{0}"\n'
LIB = """\
[[package]]
name = "lib"
version = "1.0"
description = ""
optional = false
python-versions = "*"
groups = ["training"]
files = [
    {{file = "lib-1.0.tar.gz", hash = "sha256:00"}},
    {{file = "lib-1.0-py3-none-any.whl", hash = "sha256:{0}"}},
]
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> ProjectStage:
    root = tmp_path_factory.mktemp("project")
    (root / "pyproject.toml").write_text(pyproject({"training": []}), encoding="utf-8")
    (stage,) = load_project(root).stages
    stage.path.parent.mkdir(parents=True)
    return stage


def read(pins: Callable[[], Sequence[Package]], folder: Path) -> object:
    """Return what the solver reads of pins, or the message of the error."""
    try:
        return [
            (each, each.pretty_name, each.files, each.requires, each.extras)
            if each.is_direct_origin()
            else (each, each.pretty_name, each.files)
            for each in pins()
        ]
    except FtiError as error:
        return str(error).replace(str(folder), "")


def assert_all_is_read(stage: ProjectStage, text: str) -> None:
    stage.path.write_text(text, encoding="utf-8", newline="")
    stage.reread()
    lock = stage.lock
    if lock.quick_status.state == "stale":
        folder = stage.path.parent
        assert read(lock.preferred, folder) == read(lambda: own_pins(lock.locker), folder)


@given(LOCKED, st.booleans())
@settings(deadline=None)
def test_all_that_the_solver_reads_of_pins_is_read(
    stage: ProjectStage,
    packages: Packages,
    is_of_windows: bool,  # noqa: FBT001
) -> None:
    text = lock_of(packages)
    assert_all_is_read(stage, text.replace("\n", "\r\n") if is_of_windows else text)


@pytest.mark.slow
@pytest.mark.sampled
def test_files_of_recorded_packages_are_read(stage: ProjectStage) -> None:
    assert_all_is_read(stage, recorded_lock())
    assert any(pin.files for pin in stage.lock.preferred())


@pytest.mark.parametrize(
    "packages",
    [
        LIB.format("01"),
        LIB.format("01").replace("lib-1.0.tar", 'lib-1.\\"0.tar'),
        LIB.format("01") + SOURCE.format("a") + "\n" + LIB.format("01") + SOURCE.format("b"),
        LIB.format("01") + SOURCE.format("a") + "\n" + LIB.format("02") + SOURCE.format("b"),
    ],
    ids=["usual", "escaped", "the same files from two sources", "other files"],
)
def test_files_of_unusual_packages_are_read(stage: ProjectStage, packages: str) -> None:
    metadata = lock_of({}).partition("package = []\n")[2]
    assert_all_is_read(stage, f"# generated\n\n{packages}{metadata}")
    assert stage.lock.quick_status.state == "stale"
    assert [len(pin.files) for pin in stage.lock.preferred()] == [2] * packages.count("name = ")
