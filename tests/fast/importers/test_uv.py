"""Projects of uv: members of workspaces, and origins that depend on the platform."""

from __future__ import annotations

from typing import Final

import pytest

from imported_files import ROOT, MemoryFiles, imported, requirements, written
from memory_index import DEFAULT
from poetry_fti.errors import FtiError
from poetry_fti.importers import IMPORTERS
from poetry_fti.importers.source import Source

WORKSPACE: Final = """\
[project]
name = "platform"
requires-python = ">=3.11"
dependencies = ["rich"]
[dependency-groups]
tools = ["shared[gpu]"]
[tool.uv]
constraint-dependencies = ["numpy<3"]
[tool.uv.workspace]
members = ["packages/*", "libs/shared"]
exclude = ["packages/old*"]
[tool.uv.sources]
shared = { workspace = true }
torch = { index = "cpu" }
[[tool.uv.index]]
name = "cpu"
url = "https://download.pytorch.org/whl/cpu"
explicit = true
"""
TRAINER: Final = """\
[project]
name = "churn-trainer"
requires-python = ">=3.12"
dependencies = ["shared", "torch>=2", "mlflow"]
[build-system]
requires = ["uv_build"]
"""
API: Final = """\
[project]
name = "api"
dependencies = ["fastapi", "shared ; sys_platform == 'linux'", "plain"]
[tool.uv.sources]
plain = { path = "../../libs/plain" }
"""
SHARED: Final = """\
[project]
name = "shared"
dependencies = ["numpy", "tool"]
[project.optional-dependencies]
gpu = ["torch"]
[tool.uv.sources]
tool = { git = "https://github.com/o/tool", tag = "v1" }
[build-system]
requires = ["uv_build"]
"""
LOCK: Final = """\
version = 1
[[package]]
name = "platform"
source = { virtual = "." }
dependencies = [{ name = "rich" }]
[[package]]
name = "churn-trainer"
version = "0.1.0"
source = { editable = "packages/trainer" }
dependencies = [{ name = "shared" }, { name = "mlflow" }]
[[package]]
name = "shared"
version = "0.2.0"
source = { editable = "libs/shared" }
dependencies = [{ name = "numpy" }]
[[package]]
name = "numpy"
version = "2.1.0"
[[package]]
name = "mlflow"
version = "2.20.0"
[[package]]
name = "rich"
version = "13.0.0"
"""
FILES: Final[dict[str, str | bytes]] = {
    "old/pyproject.toml": WORKSPACE,
    "old/uv.lock": LOCK,
    "old/packages/trainer/pyproject.toml": TRAINER,
    "old/packages/api/pyproject.toml": API,
    "old/packages/old-api/pyproject.toml": "[project]\nname = 'old-api'\n",
    "old/libs/shared/pyproject.toml": SHARED,
}
TOOL: Final = "tool @ git+https://github.com/o/tool@v1"


def test_a_member_with_what_only_uv_reads_from_its_file() -> None:
    stage = imported("old/uv.lock", FILES, "churn-trainer")
    assert requirements(stage) == [
        "-e churn-trainer @ /code/demo/old/packages/trainer",
        "-e shared @ /code/demo/old/libs/shared",
        TOOL,
        "torch>=2 from cpu",
    ]
    assert stage.versions == (("numpy", "2.1.0"), ("mlflow", "2.20.0"))
    assert stage.python == ">=3.12"
    assert [each.name for each in stage.constraints] == ["numpy"]
    assert [each.name for each in stage.indexes] == ["cpu"]
    assert stage.packages >= {"mlflow", "churn-trainer"}
    assert stage.notes == ()


def test_a_member_that_is_no_package() -> None:
    assert requirements(imported("old/pyproject.toml", FILES, "api")) == [
        "fastapi",
        '-e shared @ /code/demo/old/libs/shared ; sys_platform == "linux"',
        f'{TOOL} ; sys_platform == "linux"',
        "plain @ /code/demo/old/libs/plain",
    ]


def test_members_that_a_group_of_the_root_requires() -> None:
    stage = imported("old/uv.lock", FILES, "tools")
    assert requirements(stage) == [
        "rich",
        "-e shared[gpu] @ /code/demo/old/libs/shared",
        TOOL,
        "torch from cpu",
    ]


def test_the_file_of_a_member() -> None:
    stage = imported("old/packages/trainer/pyproject.toml", FILES)
    assert requirements(stage) == [
        "-e shared @ /code/demo/old/libs/shared",
        TOOL,
        "torch>=2 from cpu",
        "mlflow",
    ]
    assert ("numpy", "2.1.0") in stage.versions
    assert [each.name for each in stage.constraints] == ["numpy"]


@pytest.mark.parametrize(
    ("setting", "advice"),
    [
        ("required-environments = ['sys_platform == \"linux\"']", "platforms"),
        ("exclude-newer-package = { six = '2026-01-01' }", "constraints"),
    ],
)
def test_settings_of_uv_that_are_similar_to_a_key(setting: str, advice: str) -> None:
    key = setting.partition(" ")[0]
    text = f"[dependency-groups]\ntraining = ['lib']\n[tool.uv]\n{setting}\n"
    (note,) = imported("pyproject.toml", text).notes
    assert note == (
        f"pyproject.toml: tool.uv.{key} was left out. See the key `{advice}` of the stage."
    )


BOUNDS: Final = """\
[dependency-groups]
training = ["lib"]
[tool.uv]
constraint-dependencies = ["urllib3[brotli]<2.3", "lib @ https://e.org/lib-1-py3-none-any.whl"]
override-dependencies = [
    "numpy<2",
    "numpy==1.26 ; sys_platform == 'win32'",
    "six==1.16 ; sys_platform == 'win32'",
    "app @ https://e.org/app-1-py3-none-any.whl",
]
"""


def test_bounds_of_uv_that_a_stage_cannot_have() -> None:
    stage = imported("pyproject.toml", BOUNDS)
    assert [written(each) for each in stage.constraints] == ["urllib3<2.3"]
    assert dict(stage.overrides) == {"numpy": "<2", "six": "==1.16"}
    assert stage.notes == (
        (
            "pyproject.toml: the override of numpy with a marker was left out. Poetry has no"
            " markers there."
        ),
        (
            "pyproject.toml: of the override of six, only the version was imported. Poetry has no"
            " markers there."
        ),
        (
            "pyproject.toml: the override of app is a URL or a path, and was left out. Require the"
            " package by it."
        ),
        (
            "pyproject.toml: the constraint on lib is a URL or a path, and was left out. Require"
            " the package by it."
        ),
    )


PYPI: Final = f"""\
[dependency-groups]
training = ["lib", "app"]
[tool.uv.sources]
lib.index = "pypi"
[[tool.uv.index]]
name = "pypi"
url = "https://{DEFAULT}/simple"
"""


@pytest.mark.parametrize(
    ("settings", "source", "indexes"),
    [
        ("default = true", "lib", {}),
        (
            'default = true\n[[tool.uv.index]]\nname = "corp"\nurl = "https://e.org/simple"',
            "lib from PyPI",
            {"corp": "primary", "PyPI": "supplemental"},
        ),
        (
            '[[tool.uv.index]]\nname = "corp"\nurl = "https://e.org/simple"\ndefault = true',
            "lib from PyPI",
            {"corp": "primary", "PyPI": "explicit"},
        ),
    ],
)
def test_pypi_as_the_index_of_a_package(
    settings: str, source: str, indexes: dict[str, str]
) -> None:
    stage = imported("pyproject.toml", PYPI + settings)
    assert requirements(stage) == [source, "app"]
    assert {each.name: each.priority for each in stage.indexes} == indexes


PYTHONS: Final = """\
[project]
name = "demo"
requires-python = ">=3.11,<3.14"
[dependency-groups]
serving = ["lib", { include-group = "Common" }]
common = ["app"]
training = ["lib"]
[tool.uv.dependency-groups]
serving = { requires-python = ">=3.12" }
common = { requires-python = "<3.14" }
"""


@pytest.mark.parametrize(
    ("name", "python"),
    [("serving", "<3.14,>=3.12"), ("common", "<3.14"), ("training", "")],
)
def test_a_group_of_the_project_with_a_python_of_its_own(name: str, python: str) -> None:
    assert imported("pyproject.toml", PYTHONS, name).python == python


@pytest.mark.parametrize(
    ("name", "python"),
    [("serving", "<3.14,>=3.11,>=3.12"), ("training", "<3.14,>=3.11")],
)
def test_a_group_of_another_project_has_the_python_of_both(name: str, python: str) -> None:
    assert imported("old/pyproject.toml", PYTHONS, name).python == python


def test_members_that_are_likely_stages() -> None:
    files = MemoryFiles(FILES)
    likely = IMPORTERS["project"].environments(Source(ROOT / "old/uv.lock", files))
    assert likely == ["api", "churn-trainer"]


@pytest.mark.slow
def test_a_workspace_of_too_many_members() -> None:
    many = {f"old/packages/p{number}/pyproject.toml": API for number in range(500)}
    with pytest.raises(FtiError) as refused:
        imported("old/uv.lock", {**FILES, **many}, "churn-trainer")
    assert str(refused.value) == (
        "More than 500 folders match tool.uv.workspace.members in old/pyproject.toml. Narrow it,"
        " and run the command again."
    )


def test_the_folder_of_the_project_itself_is_no_requirement() -> None:
    files = {name.removeprefix("old/"): text for name, text in FILES.items()}
    stage = imported("uv.lock", files, "churn-trainer")
    assert requirements(stage)[0] == "-e churn-trainer @ /code/demo/packages/trainer"


MARKED: Final = """\
[project]
name = "ranker"
dependencies = ["torch>=2", "lib", "other"]
[tool.uv.sources]
torch = [
  { index = "cpu", marker = "sys_platform != 'linux'" },
  { index = "cuda", marker = "sys_platform == 'linux'" },
]
lib = { git = "https://e.org/lib", marker = "sys_platform == 'win32' or sys_platform == 'darwin'" }
other = { index = "cpu", marker = "python_version < '3.12'" }
[[tool.uv.index]]
name = "cpu"
url = "https://e.org/cpu"
explicit = true
[[tool.uv.index]]
name = "cuda"
url = "https://e.org/cuda"
explicit = true
"""


def test_sources_with_markers() -> None:
    stage = imported("old/pyproject.toml", MARKED)
    assert requirements(stage) == [
        "torch>=2 ; sys_platform != 'linux' from cpu",
        "torch>=2 ; sys_platform == 'linux' from cuda",
        "lib @ git+https://e.org/lib ; sys_platform == 'win32' or sys_platform == 'darwin'",
        "lib ; sys_platform == 'linux'",
        "other ; python_version < '3.12' from cpu",
    ]
    assert stage.notes == (
        (
            "old/pyproject.toml: other was imported only where a marker in tool.uv.sources is"
            " true. Add what remains without a source."
        ),
    )


def test_settings_in_uv_toml_replace_those_of_the_project() -> None:
    settings = (
        "constraint-dependencies = ['numpy<2']\n"
        "[[index]]\nname = 'cpu'\nurl = 'https://e.org/cpu'\nexplicit = true\n"
    )
    files = {**FILES, "old/uv.toml": settings}
    stage = imported("old/uv.lock", files, "churn-trainer")
    assert [each.specifier for each in stage.constraints] == ["<2"]
    assert [each.url for each in stage.indexes] == ["https://e.org/cpu"]
    assert requirements(stage)[-1] == "torch>=2 from cpu"


def test_settings_of_uv_without_a_counterpart() -> None:
    text = """\
[project]
name = "u"
[tool.uv]
build-constraint-dependencies = ["c<2"]
exclude-dependencies = ["a"]
exclude-newer = "2026-01-01T00:00:00Z"
find-links = ["https://e.org/wheels"]
no-binary = false
no-build = true
no-build-package = ["b"]
prerelease = "allow"
resolution = "lowest-direct"
"""
    assert imported("old/pyproject.toml", text).notes == (
        (
            "old/pyproject.toml: tool.uv.build-constraint-dependencies was left out. See"
            " `[tool.poetry.build-constraints]`."
        ),
        (
            "old/pyproject.toml: tool.uv.exclude-dependencies was left out. See the key `exclude`"
            " of the stage."
        ),
        (
            "old/pyproject.toml: tool.uv.exclude-newer was left out. See `poetry config"
            " solver.min-release-age`."
        ),
        (
            "old/pyproject.toml: tool.uv.find-links was left out. Add a source, or a URL to the"
            " packages."
        ),
        ("old/pyproject.toml: tool.uv.no-build was left out. See the key `no-build` of the stage."),
        (
            "old/pyproject.toml: tool.uv.no-build-package was left out. See `poetry config"
            " installer.only-binary`."
        ),
        (
            "old/pyproject.toml: tool.uv.prerelease was left out. Add `allow-prereleases = true` to"
            " the requirements that need it."
        ),
        (
            "old/pyproject.toml: tool.uv.resolution was left out. Poetry prefers the newest"
            " versions. See the key `constraints` of the stage."
        ),
    )


def test_settings_of_uv_that_say_what_poetry_does() -> None:
    settings = 'prerelease = "if-necessary-or-explicit"\nresolution = "highest"\n'
    text = f"[project]\nname = 'u'\n[tool.uv]\n{settings}"
    assert imported("old/pyproject.toml", text).notes == ()
