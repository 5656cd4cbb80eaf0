"""The same input gives the same bytes, wherever and however it is run."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import Poetry, snapshot
from loopback.clients import copy_project
from loopback.relocate import relocate
from pythons import find_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from loopback.index import LoopbackIndex

pytestmark = pytest.mark.newest_only

FORMATS = (
    *("requirements", "constraints", "pylock", "pyproject", "dockerfile", "bake", "compose"),
    *("github", "gitlab", "airflow", "dagster", "prefect", "bentoml", "kserve", "kubernetes"),
)


def written(poetry: Poetry, root: Path, *stages: str) -> dict[str, bytes]:
    formats = (word for each in FORMATS for word in ("--format", each))
    poetry.ok(root, "fti", "lock", *stages)
    poetry.ok(root, "fti", "export", *stages, *formats)
    poetry.ok(root, "fti", "export", "--merged")
    return {name: data for name, data in snapshot(root).items() if name.startswith("fti/")}


@pytest.fixture(scope="module")
def expected(
    tmp_path_factory: pytest.TempPathFactory, loopback_index: LoopbackIndex, poetry: Poetry
) -> Mapping[str, bytes]:
    root = copy_project("tiny", tmp_path_factory.mktemp("first"))
    relocate(root, loopback_index.url)
    found = written(poetry, root)
    assert written(poetry, root) == found, "a second run changes nothing"
    return found


def test_another_folder_and_another_hash_seed_and_several_processes(
    expected: Mapping[str, bytes], project: Callable[[str], Path], poetry: Poetry
) -> None:
    root = project("tiny")
    elsewhere = root.with_name("some where") / "else"
    elsewhere.parent.mkdir()
    root.rename(elsewhere)
    environment = {**poetry.environment, "PYTHONHASHSEED": "7"}
    seeded = replace(poetry, environment=environment, processes=None)
    assert written(seeded, elsewhere) == expected


def test_stages_named_in_another_order(
    expected: Mapping[str, bytes], project: Callable[[str], Path], poetry: Poetry
) -> None:
    root = project("tiny")
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text()
    pyproject.write_text(
        text.replace("[tool.fti.stages.feature]\n", "", 1) + "\n[tool.fti.stages.feature]\n"
    )
    assert written(poetry, root, "inference", "feature", "training") == expected


def other_pythons(environment: Mapping[str, str]) -> Iterator[str]:
    probe = ["-c", "import poetry.console.application, poetry_fti.plugin"]
    for minor in sorted({*range(10, 20)} - {sys.version_info.minor}, reverse=True):
        python = find_python(f"python3.{minor}")
        if python is not None:
            done = subprocess.run(
                [python, *probe], env=dict(environment), check=False, stderr=subprocess.DEVNULL
            )
            if done.returncode == 0:
                yield str(python)


def test_another_python(
    expected: Mapping[str, bytes], project: Callable[[str], Path], poetry: Poetry
) -> None:
    paths = [poetry.environment["PYTHONPATH"], sysconfig.get_path("purelib")]
    source = Path(__file__).parents[2] / "src"
    environment = {**poetry.environment, "PYTHONPATH": os.pathsep.join([*paths, str(source)])}
    python = next(other_pythons(environment), None)
    if python is None:
        pytest.skip("no other Python here can import this environment's Poetry")
    assert written(Poetry(environment, python=python), project("tiny")) == expected
