"""pyproject.toml and locks of uv, Poetry, PDM and Hatch as stages."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Final

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import examples
from imported_files import imported, requirements, written
from memory_index import DEFAULT
from poetry_fti.errors import FtiError
from poetry_fti.importers.shared.markers import marked_platforms
from poetry_fti.importers.shared.poetry_markers import python_marker, system_marker
from poetry_fti.importers.shared.poetry_versions import specifiers
from poetry_fti.model.imported import ImportedIndex
from poetry_fti.model.platforms import Platform

UV: Final = """\
[project]
name = "ranker"
version = "1"
requires-python = ">=3.12,<3.14"
dependencies = ["pydantic>=2"]

[project.optional-dependencies]
plots = ["matplotlib"]

[dependency-groups]
training = ["torch>=2.1", { include-group = "tracking" }]
tracking = ["mlflow"]
inference = ["torch>=2.1", "fastapi", "ours"]

[tool.uv]
conflicts = [[{ group = "training" }, { group = "inference" }]]
constraint-dependencies = ["idna>=3.19", "certifi==2026.1"]
override-dependencies = ["numpy>=2", "protobuf==4.25.0"]
environments = ["sys_platform == 'linux' and platform_machine == 'x86_64'"]

[tool.uv.sources]
torch = [{ index = "cpu", group = "inference" }, { index = "cuda", group = "training" }]
ours = { path = "../ours", editable = true }
mlflow = { git = "https://user:secret@github.com/mlflow/mlflow", tag = "v2" }

[[tool.uv.index]]
name = "cpu"
url = "https://download.pytorch.org/whl/cpu"
explicit = true
[[tool.uv.index]]
name = "cuda"
url = "https://download.pytorch.org/whl/cu128"
explicit = true
[[tool.uv.index]]
name = "corp"
url = "https://pypi.example.org/simple"
"""
UV_LOCK: Final = """\
version = 1
requires-python = ">=3.12"

[[package]]
name = "ranker"
source = { virtual = "." }
dependencies = [{ name = "pydantic" }]
[package.dev-dependencies]
training = [{ name = "torch" }]
inference = [{ name = "torch" }, { name = "fastapi" }]

[[package]]
name = "pydantic"
version = "2.7.0"
[[package]]
name = "torch"
version = "2.1.0+cpu"
dependencies = [{ name = "sympy" }]
[[package]]
name = "torch"
version = "2.1.0"
dependencies = [{ name = "sympy" }]
[[package]]
name = "sympy"
version = "1.12"
[[package]]
name = "fastapi"
version = "0.110.0"
dependencies = [{ name = "pydantic" }]
"""


def test_a_group_of_uv_with_its_lock() -> None:
    files: dict[str, str | bytes] = {"old/pyproject.toml": UV, "old/uv.lock": UV_LOCK}
    stage = imported("old/uv.lock", files, stage="inference")
    assert requirements(stage) == [
        "pydantic>=2",
        "torch>=2.1 from cpu",
        "fastapi",
        "-e ours @ /code/demo/ours",
    ]
    assert stage.versions == (
        ("pydantic", "2.7.0"),
        ("torch", "2.1.0+cpu"),
        ("torch", "2.1.0"),
        ("sympy", "1.12"),
        ("fastapi", "0.110.0"),
    )
    assert stage.python == "<3.14,>=3.12"
    assert stage.platforms == (Platform("linux", "amd64"),)
    assert [written(each) for each in stage.constraints] == ["idna>=3.19", "certifi==2026.1"]
    assert stage.overrides == (("numpy", ">=2"), ("protobuf", "==4.25.0"))
    assert stage.indexes == (
        ImportedIndex(name="cpu", url="https://download.pytorch.org/whl/cpu", priority="explicit"),
        ImportedIndex(name="corp", url="https://pypi.example.org/simple", priority="primary"),
        ImportedIndex(name="PyPI", url="", priority="supplemental"),
    )


def test_another_group_and_the_default_of_uv() -> None:
    files: dict[str, str | bytes] = {"old/pyproject.toml": UV, "old/uv.lock": UV_LOCK}
    training = imported("old/pyproject.toml", files, "training", stage="anything")
    assert requirements(training)[1:] == [
        "torch>=2.1 from cuda",
        "mlflow @ git+https://github.com/mlflow/mlflow@v2",
    ]
    default = imported("old/pyproject.toml", files, stage="anything")
    assert requirements(default) == ["pydantic>=2"]
    assert default.versions == (("pydantic", "2.7.0"),)


def test_the_requirements_of_the_same_project_are_in_every_stage() -> None:
    stage = imported("uv.lock", {"pyproject.toml": UV, "uv.lock": UV_LOCK}, stage="inference")
    assert "pydantic>=2" not in requirements(stage)
    assert ("pydantic", "2.7.0") in stage.versions


def test_a_lock_without_its_project() -> None:
    stage = imported("old/uv.lock", UV_LOCK)
    assert requirements(stage) == ["fastapi==0.110.0", "pydantic==2.7.0", "torch==2.1.0"]
    assert ("sympy", "1.12") in stage.versions
    poetry = (
        '[[package]]\nname = "A"\nversion = "1"\n[package.dependencies]\nb = ">=1"\n'
        '[[package]]\nname = "b"\nversion = "2"\n'
        '[[package]]\nname = "x"\nversion = "1"\n[package.dependencies]\ny = "*"\n'
        '[[package]]\nname = "y"\nversion = "1"\n[package.dependencies]\nx = "*"\n'
    )
    assert requirements(imported("poetry.lock", poetry)) == ["a==1", "x==1", "y==1"]
    pdm = (
        '[[package]]\nname = "a"\nversion = "1"\ndependencies = ["b[x]>=1; os_name == \'nt\'"]\n'
        '[[package]]\nname = "b"\nversion = "2"\n'
    )
    assert requirements(imported("pdm.lock", pdm)) == ["a==1"]


@pytest.mark.parametrize(
    ("lines", "indirect"),
    [
        ("", []),
        ("groups = []", ["b==1"]),
        ("groups = ['main']", ["b==1"]),
        (
            "groups = ['main']\nmarkers = 'sys_platform == \"win32\"'",
            ['b==1 ; sys_platform == "win32"'],
        ),
        (
            "groups = ['default']\nmarker = \"os_name == 'nt'\"",
            ['b==1 ; os_name == "nt"'],
        ),
        ("groups = ['main', 'dev']\nmarkers = { main = \"os_name == 'nt'\" }", ["b==1"]),
        (
            (
                "groups = ['main', 'dev']\nmarkers.main = \"os_name == 'a'\"\n"
                "markers.dev = \"os_name == 'b'\""
            ),
            ['b==1 ; os_name == "a" or os_name == "b"'],
        ),
        ("groups = ['main']\nmarkers = 'nonsense'", []),
        ("groups = ['main']\nsource = { type = 'git', url = 'https://h/b' }", []),
        ("groups = [{}]\nmarkers = { main = [] }", ["b==1"]),
    ],
)
def test_transitive_packages_of_a_lock_have_its_markers(lines: str, indirect: list[str]) -> None:
    text = (
        "[[package]]\nname = 'a'\nversion = '1'\ndependencies = { b = '*' }\n"
        f"[[package]]\nname = 'b'\nversion = '1'\n{lines}\n"
    )
    stage = imported("poetry.lock", text)
    assert requirements(stage) == ["a==1"]
    assert [written(each) for each in stage.indirect] == indirect


def test_groups_of_poetry() -> None:
    text = """\
[tool.poetry.dependencies]
python = "^3.11"
requests = "^2.31"
[tool.poetry.group.training.dependencies]
torch = { version = "~2.1", source = "pt", extras = ["opt"] }
numpy = [{ version = "<2", python = ">=3.9", markers = "sys_platform == 'linux'" }]
ours = { path = "libs/ours", develop = true }
tool = { git = "git@github.com:o/tool.git", branch = "main" }
[tool.poetry.group.training]
include-groups = ["shared"]
[tool.poetry.group.shared.dependencies]
tqdm = "*"
[[tool.poetry.source]]
name = "pt"
url = "https://e.org/whl"
priority = "explicit"
"""
    stage = imported("old/pyproject.toml", text)
    assert requirements(stage) == [
        "requests<3,>=2.31",
        "torch[opt]<2.2,>=2.1 from pt",
        "numpy<2 ; sys_platform == 'linux' and python_version >= '3.9'",
        "-e ours @ /code/demo/old/libs/ours",
        "tool @ git+ssh://git@github.com/o/tool.git@main",
        "tqdm",
    ]
    assert stage.python == "<4,>=3.11"
    assert [each.name for each in stage.indexes] == ["pt"]


def test_a_source_of_poetry_that_is_pypi_keeps_its_name_and_url() -> None:
    text = f"""\
[tool.poetry.group.training.dependencies]
torch = {{ version = "*", source = "main" }}
[[tool.poetry.source]]
name = "main"
url = "https://{DEFAULT}/simple/"
[[tool.poetry.source]]
name = "pypi"
priority = "supplemental"
"""
    stage = imported("old/pyproject.toml", text)
    assert requirements(stage) == ["torch from main"]
    assert stage.indexes == (
        ImportedIndex(name="main", url=f"https://{DEFAULT}/simple/", priority="primary"),
        ImportedIndex(name="PyPI", url="", priority="supplemental"),
    )


def test_prereleases_and_build_constraints_of_poetry() -> None:
    text = """\
[project]
name = "old"
dependencies = ["six>=1"]
[dependency-groups]
training = ["numpy"]
[tool.poetry.dependencies]
six = { version = ">=1", allow-prereleases = true }
[tool.poetry.group.training.dependencies]
numpy = { allow-prereleases = true }
[tool.poetry.build-constraints]
six = { setuptools = "<78" }
"""
    stage = imported("old/pyproject.toml", text)
    assert [(each.name, each.prereleases) for each in stage.requirements] == [
        ("six", True),
        ("numpy", True),
    ]
    assert stage.notes == (
        (
            "old/pyproject.toml: tool.poetry.build-constraints was left out. Copy it to"
            " pyproject.toml if packages of the stage are built from source."
        ),
    )
    assert imported("pyproject.toml", text).notes == ()


def test_settings_of_pdm_without_a_counterpart() -> None:
    text = """\
[project]
dependencies = ["requests"]
[[tool.pdm.source]]
name = "corp"
url = "https://pypi.example.org/simple"
verify_ssl = false
include_packages = ["corp-*"]
[tool.pdm.resolution]
allow-prereleases = true
excludes = ["numpy"]
[tool.pdm.resolution.overrides]
scipy = "https://pypi.example.org/scipy-1.0-py3-none-any.whl"
"""
    assert imported("old/pyproject.toml", text).notes == (
        (
            "old/pyproject.toml: tool.pdm.resolution.allow-prereleases was left out. Add"
            " `allow-prereleases = true` to the requirements that need it."
        ),
        (
            "old/pyproject.toml: tool.pdm.resolution.excludes was left out. See the key `exclude`"
            " of the stage."
        ),
        (
            "old/pyproject.toml: the override of scipy is a URL, and was left out. Require the"
            " package by its URL."
        ),
        (
            'old/pyproject.toml: the limits of the source "corp" to some packages were left out.'
            " Name the source of these packages in the stage's group."
        ),
        (
            'old/pyproject.toml: the certificate of the source "corp" will be verified. Set `poetry'
            " config certificates.corp.cert false` if it cannot be."
        ),
    )


def test_groups_of_pdm() -> None:
    text = """\
[project]
dependencies = ["requests"]
[tool.pdm.dev-dependencies]
training = ["torch>=2", "-e file:///${PROJECT_ROOT}/libs/ours#egg=ours"]
[[tool.pdm.source]]
name = "corp"
url = "https://${USER}:${PASSWORD}@pypi.example.org/simple"
[tool.pdm.resolution.overrides]
numpy = "1.26.4"
scipy = ">=1.10"
"""
    files: dict[str, str | bytes] = {
        "old/pyproject.toml": text,
        "old/libs/ours/pyproject.toml": '[project]\nname = "ours"\n',
    }
    stage = imported("old/pyproject.toml", files)
    assert requirements(stage) == ["requests", "torch>=2", "-e ours @ /code/demo/old/libs/ours"]
    assert stage.overrides == (("numpy", "==1.26.4"), ("scipy", ">=1.10"))
    assert stage.indexes == (
        ImportedIndex(
            name="corp",
            url="https://pypi.example.org/simple",
            priority="supplemental",
            has_login=True,
        ),
    )


def test_environments_of_hatch() -> None:
    text = """\
[project]
dependencies = ["pydantic"]
[project.optional-dependencies]
gpu = ["torch"]
[tool.hatch.envs.default]
dependencies = ["pytest"]
env-vars = { A = "1", B = "{env:HOME}" }
[tool.hatch.envs.training]
extra-dependencies = ["mlflow"]
features = ["gpu"]
python = "3.11"
[tool.hatch.envs.docs]
detached = true
dependencies = ["mkdocs"]
"""
    stage = imported("old/pyproject.toml", text)
    assert requirements(stage) == ["pydantic", "pytest", "mlflow", "torch"]
    assert (stage.python, stage.env) == (">=3.11,<3.12", (("A", "1"),))
    assert requirements(imported("old/pyproject.toml", text, "docs")) == ["mkdocs"]
    with pytest.raises(FtiError) as error:
        imported("old/pyproject.toml", text, "trainin")
    assert str(error.value) == (
        'old/pyproject.toml has no environment "trainin"; did you mean "training"? It has default,'
        " docs, gpu and training."
    )


@pytest.mark.parametrize(
    ("markers", "platforms"),
    [
        ([], []),
        (["sys_platform == 'linux'"], []),
        (["platform_machine == 'x86_64'"], ["linux/amd64", "macos/amd64"]),
        (
            [
                "platform_system == 'Darwin' and platform_machine == 'arm64'",
                "sys_platform == 'win32' and platform_machine == 'AMD64'",
            ],
            ["macos/arm64", "windows/amd64"],
        ),
        (["platform_machine == 'x86_64' and python_version < '3.12'"], []),
        (["platform_machine == 'x86_64' and"], []),
    ],
)
def test_markers_of_platforms(markers: list[str], platforms: list[str]) -> None:
    assert list(map(str, marked_platforms(markers))) == platforms


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("^1.2.3", "<2,>=1.2.3"),
        ("^0.2.3", "<0.3,>=0.2.3"),
        ("^0.0.3", "<0.0.4,>=0.0.3"),
        ("^0", "<1,>=0"),
        ("~1.2.3", "<1.3,>=1.2.3"),
        ("~1", "<2,>=1"),
        ("1.2.3", "==1.2.3"),
        ("1.2.*", "==1.2.*"),
        (">=1,<2", "<2,>=1"),
        (">=1 <2", "<2,>=1"),
        ("~=1.4", "~=1.4"),
        ("*", ""),
        ("^1 || ^2", "<3,>=1"),
        (">=2 | ^1.5", ">=1.5"),
        ("1.0 || 2.0", "<=2.0,>=1.0"),
        ("1.* || 2.1.*", "<2.2,>=1"),
        ("~=1.4 || 1.0+cpu", "<2,>=1.0"),
        ("<1 || 2.0", "<=2.0"),
        ("!=1.5 || 2.0", ""),
    ],
)
def test_versions_of_poetry(constraint: str, expected: str) -> None:
    assert specifiers(constraint) == expected


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("", ""),
        ("*", ""),
        ("<3.10", "python_version < '3.10'"),
        ("^3.9", "python_version >= '3.9' and python_version < '4'"),
        ("3.11.*", "python_version == '3.11'"),
        ("3.*", "python_version == '3.*'"),
        (">=3.9,!=3.10.*", "python_version >= '3.9' and python_version != '3.10'"),
        (">3.9", "python_full_version > '3.9'"),
        (
            "~3.9 || 3.11.4",
            (
                "python_version >= '3.9' and python_version < '3.10' or"
                " python_full_version == '3.11.4'"
            ),
        ),
    ],
)
def test_markers_of_pythons(constraint: str, expected: str) -> None:
    assert python_marker(constraint) == expected


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("", ""),
        ("*", ""),
        ("linux", "sys_platform == 'linux'"),
        ("linux || darwin", "sys_platform == 'linux' or sys_platform == 'darwin'"),
        ("!=win32,!=darwin", "sys_platform != 'win32' and sys_platform != 'darwin'"),
    ],
)
def test_markers_of_systems(constraint: str, expected: str) -> None:
    assert system_marker(constraint) == expected


def test_dependencies_of_poetry_with_conditions() -> None:
    text = """\
[tool.poetry.dependencies]
python = ">=3.9"
several = [{ version = "^1", python = "<3.10" }, { version = "^2", python = ">=3.10" }]
uvloop = { version = "*", platform = "linux || darwin", markers = "extra != 'x'" }
wheel = { version = "*", platform = "!=win32" }
torch = { version = "^2", optional = true, source = "pt" }
[tool.poetry.extras]
gpu = ["Torch"]
[tool.poetry.group.a]
include-groups = ["b"]
[tool.poetry.group.b]
include-groups = ["c", "a"]
[tool.poetry.group.c.dependencies]
deep = "*"
[[tool.poetry.source]]
name = "pt"
url = "https://e.org/pt"
secondary = true
[[tool.poetry.source]]
name = "old"
url = "https://e.org/old"
priority = "secondary"
"""
    main = [
        "several<2,>=1 ; python_version < '3.10'",
        "several<3,>=2 ; python_version >= '3.10'",
        "uvloop ; extra != 'x' and (sys_platform == 'linux' or sys_platform == 'darwin')",
        "wheel ; sys_platform != 'win32'",
    ]
    stage = imported("old/pyproject.toml", text)
    assert requirements(stage) == main
    assert [each.priority for each in stage.indexes] == ["supplemental", "supplemental"]
    gpu = imported("old/pyproject.toml", text, "gpu")
    assert requirements(gpu) == [*main, "torch<3,>=2 from pt"]
    assert requirements(imported("old/pyproject.toml", text, "a"))[-1] == "deep"
    with pytest.raises(FtiError, match='several: "x" is not a version constraint'):
        imported("old/pyproject.toml", text.replace("<3.10", "x"))


def test_places_that_poetry_adds_to_standard_requirements() -> None:
    text = """\
[project]
name = "ranker"
dependencies = ["lib>=1"]
[project.optional-dependencies]
gpu = ["torch>=2"]
[tool.poetry.dependencies]
lib = { path = "../lib", develop = true }
torch = [
  { source = "cuda", markers = "sys_platform == 'linux'" },
  { source = "cpu", markers = "sys_platform != 'linux'" },
]
[[tool.poetry.source]]
name = "cuda"
url = "https://e.org/cuda"
priority = "explicit"
[[tool.poetry.source]]
name = "cpu"
url = "https://e.org/cpu"
priority = "explicit"
"""
    assert requirements(imported("old/pyproject.toml", text, "gpu")) == [
        "-e lib>=1 @ /code/demo/lib",
        "torch>=2 ; sys_platform == 'linux' from cuda",
        "torch>=2 ; sys_platform != 'linux' from cpu",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "old/pyproject.toml is not valid TOML: "),
        ("[project]\ndependencies = ['a b']", "old/pyproject.toml, dependencies: "),
        ("[project]\nrequires-python = 'x'", 'old/pyproject.toml: "x" is not a version specifier.'),
        (
            "[tool.poetry.dependencies]\na = '^x'",
            'old/pyproject.toml: a: "^x" is not a version constraint.',
        ),
        (
            "[dependency-groups]\na = [{include-group = 'a'}]",
            'The dependency group "a" includes itself.',
        ),
        (
            "[tool.hatch.envs.a]\ntemplate = 'b'\n[tool.hatch.envs.b]\ntemplate = 'a'",
            'The environment "a" of Hatch is its own template.',
        ),
    ],
)
def test_errors(text: str, message: str) -> None:
    with pytest.raises(FtiError) as error:
        imported("old/pyproject.toml", text)
    assert str(error.value).startswith(message)


VALUES = st.recursive(
    st.one_of(st.text(max_size=5), st.integers(), st.booleans(), st.sampled_from(["^1", ">=1"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    *("name", "version", "dependencies", "source", "path", "git", "url", "index"),
                    *("a", "python", "extras", "markers", "package", "envs", "sources", "group"),
                    *("workspace", "members", "target", "linux-64", "pypi-dependencies", "feature"),
                    *("environments", "features", "platforms", "activation", "env", "overrides"),
                    *("template", "matrix", "platform", "linux", "value", "if", "env-vars"),
                ]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)


@pytest.mark.slow
@settings(max_examples=examples(75))
@given(VALUES, VALUES, st.sampled_from(["project", "dependency-groups", "uv", "poetry", "package"]))
def test_any_project_is_read_or_refused(value: object, other: object, key: str) -> None:
    tool = {"uv": value, "poetry": other, "pdm": value, "hatch": {"envs": {"a": other}}}
    try:
        files: dict[str, str | bytes] = {
            "old/pyproject.toml": tomlkit.dumps({key: value, "tool": tool}),
            "old/uv.lock": tomlkit.dumps({"package": other}),
            "pylock.toml": tomlkit.dumps({"packages": value}),
            "Pipfile": tomlkit.dumps({"packages": value, "source": other}),
            "pixi.toml": tomlkit.dumps({key: other, "dependencies": value, "feature": other}),
            "hatch.toml": tomlkit.dumps({"envs": {"a": value, "b": other}}),
            "bom.json": json.dumps({"bomFormat": "CycloneDX", "components": value, "a": other}),
            "pixi.lock": json.dumps({"environments": value, "packages": other}),
        }
    except (ValueError, TypeError):  # what TOML cannot express
        return
    for name in files:
        with suppress(FtiError):
            imported(name, files)


def test_a_project_with_groups_only() -> None:
    text = "[dependency-groups]\ntrain = ['torch']\nserve = ['fastapi']\n"
    own = imported("pyproject.toml", f"[project]\ndependencies = ['lib']\n{text}")
    assert requirements(own) == []
    with pytest.raises(FtiError) as error:
        imported("old/pyproject.toml", text)
    assert str(error.value) == (
        "old/pyproject.toml has no requirements outside of serve and train. Name one of these, such"
        ' as "old/pyproject.toml:serve".'
    )


def test_requirements_in_files_that_setuptools_and_hatch_read() -> None:
    text = """\
[project]
name = "ranker"
dynamic = ["version", "dependencies", "optional-dependencies"]
[tool.setuptools.dynamic]
dependencies = { file = ["req.txt"] }
optional-dependencies.gpu = { file = "gpu.txt" }
"""
    files: dict[str, str | bytes] = {
        "old/pyproject.toml": text,
        "old/req.txt": "--pre\nlib>=1\n",
        "old/gpu.txt": "torch\n",
    }
    stage = imported("old/pyproject.toml", files, "gpu")
    assert requirements(stage) == ["lib>=1", "torch"]
    assert [note.partition(":")[0] for note in stage.notes] == ["old/req.txt, line 1"]
    hook = "[tool.hatch.metadata.hooks.requirements_txt]\nfiles = ['req.txt']\n"
    files["old/pyproject.toml"] = f"[project]\ndynamic = ['dependencies']\n{hook}"
    assert requirements(imported("old/pyproject.toml", files)) == ["lib>=1"]
    stage = imported("old/pyproject.toml", "[project]\ndynamic = ['dependencies']\n")
    assert stage.notes == (
        (
            "old/pyproject.toml: the dependencies are dynamic, and were left out. Import the file"
            " that they come from."
        ),
    )
