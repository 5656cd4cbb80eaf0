"""Releases that cannot be installed where a stage with platforms or a Python of its own runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

pytestmark = pytest.mark.slow

WINDOWS: Final = "wheel py3-none-win_amd64"
LINUX: Final = "wheel py3-none-manylinux_2_17_x86_64"


def on(*platforms: str, python: str = ">=3.11", stage: str = "training") -> str:
    return f'[tool.fti.stages.{stage}]\nplatforms = {list(platforms)}\npython = "{python}"\n'


def test_a_release_without_a_file_for_the_platforms_is_not_chosen(demo: MemoryProject) -> None:
    demo.index.offer({"app 1.0": ["lib"], "lib 1.0": [LINUX], "lib 2.0": [WINDOWS]})
    demo.write(pyproject({"training": ["app"]}, on("linux/amd64")))
    demo.lock()
    assert demo.locked == {"training": "app 1.0, lib 1.0"}


def test_a_release_without_a_file_for_the_python_is_not_chosen(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [], "lib 2.0": ["wheel cp311-cp311-win_amd64"]})
    settings = '[tool.fti.stages.training]\npython = ">=3.12"\n'
    demo.write(pyproject({"training": ["lib"]}, settings))
    demo.lock()
    assert demo.locked == {"training": "lib 1.0"}


def test_each_operating_system_has_a_file(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [LINUX, WINDOWS], "lib 2.0": [WINDOWS]})
    demo.write(pyproject({"training": ["lib"]}, on("linux/amd64", "windows/amd64")))
    demo.lock()
    assert demo.markers("training") == {
        "lib 1.0": 'sys_platform == "linux"',
        "lib 2.0": 'sys_platform == "win32"',
    }


def test_where_a_package_does_not_apply_it_needs_no_file(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [], "lib 2.0": [WINDOWS]})
    requires = ["lib; sys_platform == 'win32'"]
    demo.write(pyproject({"training": requires}, on("linux/amd64", "windows/amd64")))
    demo.lock()
    assert demo.locked == {"training": "lib 2.0"}


def test_a_stage_does_not_agree_on_a_release_that_it_cannot_install(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [LINUX, WINDOWS], "lib 2.0": [WINDOWS]})
    groups = {"training": ["lib"], "feature": ["lib>=2"]}
    demo.write(pyproject(groups, on("linux/amd64") + on("windows/amd64", stage="feature")))
    result = demo.lock()
    assert demo.locked == {"feature": "lib 2.0", "training": "lib 1.0"}
    reasons = [each.text for each in result["training"].explanations]
    assert reasons == ["lib 2.0 has no file for linux/amd64 and Python >=3.11"]


def test_a_rule_names_a_release_that_a_stage_cannot_install(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [LINUX, WINDOWS], "lib 2.0": [WINDOWS]})
    rule = '[[tool.fti.align]]\nstages = ["feature", "training"]\npackages = ["lib"]\n'
    settings = f'{on("linux/amd64")}{on("windows/amd64", stage="feature")}{rule}level = "exact"\n'
    demo.write(pyproject({"training": ["lib"], "feature": ["lib"]}, settings))
    demo.lock()
    assert demo.locked == {"feature": "lib 1.0", "training": "lib 1.0"}
    demo.write(pyproject({"training": ["lib"], "feature": ["lib>=2"]}, settings))
    assert str(demo.lock()["feature"].error) == (
        "feature and training cannot agree as tool.fti.align demands:\n"
        "  feature: pyproject.toml requires lib >=2\n"
        "  training: lib 2.0 has no file for linux/amd64 and Python >=3.11\n"
        "  training: pyproject.toml requires lib"
    )


def test_a_requirement_for_some_pythons_does_not_decide_for_all(demo: MemoryProject) -> None:
    """The solver reaches `mid` by `lib` first, for Python 3.13, which 2.0 supports."""
    demo.index.offer(
        {
            "app 0.9": [],
            "app 1.0": ["mid<=2"],
            "lib 0.9": [],
            "lib 1.0": ["mid==2.0; sys_platform == 'linux' or python_version >= '3.13'"],
            "mid 1.0": [],
            "mid 2.0": ["python>=3.13"],
        }
    )
    demo.write(pyproject({"training": ["app", "lib"]}, on("macos/amd64", python=">=3.12")))
    demo.lock()
    assert demo.locked == {"training": "app 1.0, lib 0.9, mid 1.0"}
