"""The extras of the project that a stage selects: requirements of the stage like its others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from poetry_fti.operations.export import ExportRequest, render
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

RELEASES: Final = {"torch 1.0": [], "torch 2.0": [], "lib 1.0": [], "lib 2.0": ["torch<2"]}
EXTRAS: Final = """\
[project.optional-dependencies]
gpu = ["torch==1.0"]
sail = ["lib"]
all = ["demo[sail]; sys_platform == 'linux'"]
"""


def stage(*extras: str, platforms: str = "") -> str:
    return f"{EXTRAS}[tool.fti.stages.training]\nextras = {list(extras)}\n{platforms}"


@pytest.mark.slow
@pytest.mark.parametrize("platforms", ["", 'platforms = ["linux/amd64", "windows/amd64"]'])
def test_an_extra_and_a_group_that_name_a_package_get_one_version(
    demo: MemoryProject, platforms: str
) -> None:
    demo.index.offer(RELEASES)
    demo.write(pyproject({"training": ["torch>=1"]}, stage("gpu", platforms=platforms)))
    demo.lock()
    assert demo.locked == {"training": "torch 1.0"}
    project = demo.load()
    formats = ("requirements", "pylock")
    files = render(project, ExportRequest(stages=project.stages, formats=formats)).texts.values()
    found = [re.findall(r'torch(?:==|"\nversion = ")([\d.]+)', text) for text in files]
    assert found == [["1.0"], ["1.0"]]


def test_an_extra_and_a_group_that_exclude_each_other_are_an_error(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    demo.write(pyproject({"training": ["torch>=2"]}, stage("gpu")))
    assert str(demo.lock()["training"].error) == (
        "The project requires torch (==1.0), but the group training requires torch (>=2)."
    )


@pytest.mark.slow
def test_an_extra_may_name_others_of_the_project(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    groups = {"training": [], "feature": ["demo[sail]", "torch"]}
    demo.write(pyproject(groups, f"{stage('all')}[tool.fti.stages.feature]\n"))
    demo.lock()
    assert demo.locked == {"training": "lib 2.0, torch 1.0", "feature": "lib 2.0, torch 1.0"}
    linux = 'sys_platform == "linux"'
    assert demo.markers("training") == {"lib 2.0": linux, "torch 1.0": linux}


def test_a_local_package_may_name_its_own_extras(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    folder = demo.root / "local"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "demo"\nversion = "1"\n{EXTRAS}'.replace("demo", "local"),
        encoding="utf-8",
    )
    local = '[tool.poetry.group.training.dependencies.local]\npath = "local"\nextras = ["all"]\n'
    demo.write(pyproject({}, local))
    demo.lock()
    assert demo.locked == {"training": "lib 2.0, local 1, torch 1.0"}
