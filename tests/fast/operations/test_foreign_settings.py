"""Settings of uv and PDM that Poetry's do not repeat are reported, with what to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from memory_commands import Ended, run
from memory_index import DEFAULT
from poetry_fti.operations.pyproject_warnings.foreign_settings import foreign_warnings
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

GROUPS: Final = {"training": ["torch"], "inference": ["Torch>=2", "lib"]}
UV: Final = """\
[[tool.uv.index]]
name = "pytorch-cpu"
url = "https://me:secret@torch.example/cpu/"
explicit = true

[[tool.uv.index]]
url = "https://corp.example/simple"

[tool.uv]
index-url = "https://mirror.example/simple"
constraint-dependencies = ["urllib3>=2"]
override-dependencies = ["numpy>=2", "six"]
conflicts = [[{ group = "training" }, { group = "inference" }]]

[tool.uv.sources]
torch = [{ index = "pytorch-cpu", marker = "sys_platform == 'linux'", group = "training" }]
lib = { workspace = true }
absent = { index = "pytorch-cpu" }
"""
POETRY: Final = """\
[[tool.poetry.source]]
name = "cpu"
url = "https://torch.example/cpu"
priority = "explicit"
[[tool.poetry.source]]
name = "corp"
url = "https://corp.example/simple"
[[tool.poetry.source]]
name = "mirror"
url = "https://mirror.example/simple"
[tool.poetry.group.training.dependencies]
torch = { source = "cpu" }
[tool.poetry.group.inference.dependencies]
torch = { source = "cpu" }
lib = { path = "lib" }
[tool.fti]
constraints = ["urllib3>=2.1"]
isolated = true
[tool.fti.overrides]
Numpy = ">=2"
six = "*"
"""


def test_settings_of_uv_are_reported_until_poetry_has_them(demo: MemoryProject) -> None:
    demo.write(pyproject(GROUPS, UV))
    assert foreign_warnings(demo.load()) == [
        (
            "Poetry does not read tool.uv.index[0]: its packages would come from another index. Add"
            ' [[tool.poetry.source]] with name = "pytorch-cpu", url = "https://torch.example/cpu/"'
            ' and priority = "explicit".'
        ),
        (
            "Poetry does not read tool.uv.index[1]: its packages would come from another index. Add"
            ' [[tool.poetry.source]] with name = "private", url = "https://corp.example/simple" and'
            ' priority = "primary".'
        ),
        (
            "Poetry does not read tool.uv.index-url: its packages would come from another"
            " index. Add"
            ' [[tool.poetry.source]] with name = "default", url = "https://mirror.example/simple"'
            ' and priority = "primary".'
        ),
        (
            "Poetry does not read tool.uv.sources.torch: torch would come from another source. Add"
            ' torch = { source = "pytorch-cpu", markers = "sys_platform == \'linux\'" } to'
            " [tool.poetry.group.training.dependencies]."
        ),
        (
            "Poetry does not read tool.uv.sources.lib: lib would come from another source. Add"
            ' lib = { path = "PATH", develop = true } to'
            " [tool.poetry.group.inference.dependencies]."
        ),
        (
            "Poetry does not read tool.uv.constraint-dependencies. Add constraints ="
            ' ["urllib3>=2"] to [tool.fti].'
        ),
        (
            'Poetry does not read tool.uv.override-dependencies. Add numpy = ">=2" and'
            ' six = "*" to [tool.fti.overrides].'
        ),
        (
            "Poetry does not read tool.uv.conflicts. Stages may conflict without it; add isolated ="
            " true to [tool.fti] so that Poetry's own commands ignore them."
        ),
    ]
    demo.write(pyproject(GROUPS, UV + POETRY))
    assert foreign_warnings(demo.load()) == []


SOURCES: Final = """\
[project.optional-dependencies]
cpu = ["torch"]
[tool.poetry]
package-mode = false
[tool.uv.sources]
torch = [
    { index = "cpu", extra = "cpu", marker = "os_name == 'nt'" },
    { index = "cpu", group = "Inference" },
    { index = "cuda", group = "training" },
]
lib = { index = "cpu", extra = "cpu" }
"""


def test_sources_of_uv_are_for_their_groups_and_extras(demo: MemoryProject) -> None:
    demo.write(pyproject(GROUPS, SOURCES))
    assert foreign_warnings(demo.load()) == [
        (
            "Poetry does not read tool.uv.sources.torch: torch would come from another source. Add"
            " torch = { source = \"cpu\", markers = \"(os_name == 'nt') and extra == 'cpu'\" } to"
            ' [tool.poetry.dependencies], torch = { source = "cuda" } to'
            ' [tool.poetry.group.training.dependencies] and torch = { source = "cpu" } to'
            " [tool.poetry.group.inference.dependencies]."
        ),
    ]


PYPI: Final = f"""\
[[tool.uv.index]]
name = "pypi"
url = "https://{DEFAULT}/simple"
default = true
[tool.uv.sources]
torch.index = "pypi"
"""


def test_pypi_is_a_source_only_beside_another_index(demo: MemoryProject) -> None:
    demo.write(pyproject({"training": ["torch"]}, PYPI))
    assert [each for each in foreign_warnings(demo.load()) if "sources" in each] == []
    corp = '[[tool.uv.index]]\nname = "corp"\nurl = "https://corp.example/simple"\n'
    demo.write(pyproject({"training": ["torch"]}, PYPI + corp))
    assert [each for each in foreign_warnings(demo.load()) if "sources" in each] == [
        (
            "Poetry does not read tool.uv.sources.torch: torch would come from another source. Add"
            ' torch = { source = "pypi" } to [tool.poetry.group.training.dependencies].'
        )
    ]


BOUNDS: Final = """\
[tool.uv]
constraint-dependencies = ["urllib3>=2"]
override-dependencies = ["numpy>=2"]
[tool.fti.stages.training]
constraints = ["urllib3>=2"]
overrides = { numpy = ">=2" }
"""


def test_bounds_of_uv_may_be_those_of_all_stages(demo: MemoryProject) -> None:
    demo.write(pyproject({"training": ["lib"]}, BOUNDS))
    assert foreign_warnings(demo.load()) == []
    demo.write(pyproject({"training": ["lib"], "inference": ["lib"]}, BOUNDS))
    assert foreign_warnings(demo.load()) == [
        (
            "Poetry does not read tool.uv.constraint-dependencies. Add constraints ="
            ' ["urllib3>=2"] to [tool.fti].'
        ),
        (
            'Poetry does not read tool.uv.override-dependencies. Add numpy = ">=2" to'
            " [tool.fti.overrides]."
        ),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "shown", "other"),
    [
        ("pypi", "default", ""),
        ("corp", "corp", ', and one with name = "PyPI" and priority = "supplemental" for other'),
    ],
)
def test_lock_and_its_check_report_a_source_of_pdm(
    demo: MemoryProject, name: str, shown: str, other: str
) -> None:
    demo.index.offer({"lib 1.0": []})
    source = f'[[tool.pdm.source]]\nname = "{name}"\nurl = "https://pdm.example/simple"\n'
    demo.write(pyproject({"training": ["lib"]}, source))
    warning = (
        "Warning: Poetry does not read tool.pdm.source[0]: its packages would come from another"
        f' index. Add [[tool.poetry.source]] with name = "{shown}", url ='
        f' "https://pdm.example/simple" and priority = "primary"{other and other + " packages"}.\n'
    )
    assert run(demo, "lock") == Ended(0, "training: locked 1 package\n", warning)
    assert run(demo, "lock", "--check") == Ended(0, "1 lock checked: all fresh.\n", warning)


def test_settings_of_a_wrong_type_are_ignored(demo: MemoryProject) -> None:
    text = "[tool.uv]\nindex = 1\nsources = 1\nindex-url = 1\nconstraint-dependencies = ['=']\n"
    demo.write(pyproject({"training": []}, text + "[tool]\npdm = 1\n"))
    assert foreign_warnings(demo.load()) == []
