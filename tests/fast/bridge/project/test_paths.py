"""What path dependencies require, read without a build."""

from __future__ import annotations

import os
import sys
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import pytest

from poetry_fti.bridge.project.paths.digests import PathDigests
from poetry_fti.bridge.project.paths.packages import PathPackages
from poetry_fti.bridge.toml_parser import tomllib
from poetry_fti.reading import LARGEST_TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FOLDER: Final = PurePosixPath("fti/training")
COMMON: Final = """\
[project]
name = "common"
version = "1"
dependencies = ["lib<2"]
[project.optional-dependencies]
fast = ["app", "common[faster]"]
faster = ["win"]
slow = ["sloth"]
"""
ON_COMMON: Final = '[tool.poetry.dependencies]\ncommon = { path = "../../common" }\n'


def digests(root: Path, derived: str = ON_COMMON) -> PathDigests:
    data: dict[str, Any] = {"tool": {"poetry": {}}, **tomllib.loads(derived)}
    project = {"project": {"name": "demo", "version": "1.7"}}
    return PathPackages(root, project).digests(data, FOLDER)


def put(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


def common(root: Path, text: str, file: str = "pyproject.toml") -> str:
    """Return the digest of a package with this content."""
    put(root, f"common/{file}", text)
    return digests(root).digests["common"]


UNRELATED: Final = {
    "description": ('version = "1"', 'version = "1"\ndescription = "New"'),
    "comment and spaces": ('["lib<2"]', '[ # why\n  "lib < 2" ]'),
    "extra": ('["sloth"]', '["sloth>=1"]'),
    "group": ("[project.opt", '[dependency-groups]\ndev = ["win"]\n[project.opt'),
    "tool": ("[project.opt", "[tool.ruff]\nfix = true\n[project.opt"),
    "details": ("[project.opt", "[tool.poetry.dependencies]\nlib = {source='x'}\n[project.opt"),
    "backend": ("[project.opt", '[build-system]\nrequires = ["flit"]\n[project.opt'),
}
RELATED: Final = {
    "version": ('version = "1"', 'version = "2"'),
    "python": ('version = "1"', 'version = "1"\nrequires-python = ">=3.12"'),
    "requirement": ('"lib<2"', '"lib<3"'),
    "marker": ('"lib<2"', "\"lib<2; sys_platform == 'linux'\""),
}


def test_only_changes_of_what_dependants_install_change_the_digest(tmp_path: Path) -> None:
    before = common(tmp_path, COMMON)
    for name, change in {**UNRELATED, **RELATED}.items():
        assert COMMON.replace(*change) != COMMON
        assert (common(tmp_path, COMMON.replace(*change)) == before) is (name in UNRELATED), name


@pytest.mark.slow_after(3)
@pytest.mark.parametrize(
    "derived",
    [
        '[project]\ndependencies = ["common[Fast] @ ../../common"]',
        '[dependency-groups]\ntraining = ["common[fast] @ ../../common", {include-group = "x"}]',
        ON_COMMON.replace(" }", ', extras = ["fast"] }'),
        '[project]\ndependencies = ["common[fast]>=1"]\n' + ON_COMMON,
        ON_COMMON.replace("{", "[{").replace("}", "}]") + 'other = { path = "../../other" }',
    ],
)
def test_an_extra_counts_if_it_is_requested(tmp_path: Path, derived: str) -> None:
    other = '[tool.poetry]\n[tool.poetry.dependencies]\ncommon = {version = "*", extras = ["fast"]}'
    put(tmp_path, "other/pyproject.toml", other)
    found = set()
    for requirement in ("win", "win>=1"):
        put(tmp_path, "common/pyproject.toml", COMMON.replace('"win"', f'"{requirement}"'))
        found.add(digests(tmp_path, derived).digests["common"])
    assert len(found) == len(("win", "win>=1"))


def test_path_dependencies_of_path_dependencies(tmp_path: Path) -> None:
    on_a = '[tool.poetry.dependencies]\na = { path = "../../a" }'
    put(tmp_path, "demo/common/pyproject.toml", on_a)
    put(tmp_path, "a/pyproject.toml", '[project]\ndependencies = ["common @ ../demo/common"]')
    assert list(digests(tmp_path / "demo").digests) == ["../a", "common"]
    absolute = f'[tool.poetry.dependencies]\ncommon = {{ path = "{tmp_path.as_posix()}/a" }}\n'
    assert list(digests(tmp_path / "demo", absolute).digests) == ["../a", "common"]


@pytest.mark.slow_after(3)
@pytest.mark.parametrize(
    ("project", "is_required"),
    [
        ('version = "1"', True),
        ("dependencies = []", True),
        ('dependencies = ["a"]', False),
        ('optional-dependencies = { x = ["b"] }', False),
        ('dynamic = ["dependencies"]', True),
        ('optional-dependencies = { x = ["b"] }\ndynamic = ["dependencies"]', True),
    ],
)
def test_dependants_require_what_poetry_lets_them(
    tmp_path: Path, project: str, *, is_required: bool
) -> None:
    text = f'[project]\n{project}\n[tool.poetry.dependencies]\na = {{ path = "../a" }}\n'
    put(tmp_path, "common/pyproject.toml", text)
    put(tmp_path, "a/pyproject.toml", COMMON)
    assert ("a" in digests(tmp_path).digests) is is_required


CFG: Final = """\
[metadata]
name = common
version = 1
[options]
python_requires = >=3.11
install_requires =
    lib<2
    # another one
    app; sys_platform == "linux"
"""


def test_a_setup_cfg(tmp_path: Path) -> None:
    pyproject = common(tmp_path, '[build-system]\nrequires = ["setuptools"]')
    put(tmp_path, "common/setup.py", "from setuptools import setup\n\nsetup()\n")
    before = common(tmp_path, CFG, "setup.cfg")
    assert before != pyproject
    assert before == common(tmp_path, CFG.replace("# another", "# an other"), "setup.cfg")
    assert before == common(tmp_path, f"{CFG}[options.extras_require]\nx = win\n", "setup.cfg")
    assert before != common(tmp_path, CFG.replace("lib<2", "lib<3"), "setup.cfg")
    assert before != common(tmp_path, CFG.replace("3.11", "3.12"), "setup.cfg")
    assert digests(tmp_path).unseen == {}


DYNAMIC: Final = '[project]\nname = "common"\ndynamic = ["version", "dependencies"]\n'
UNSEEN: Final[Mapping[str, Mapping[str, str]]] = {
    "PEP 621": {"pyproject.toml": DYNAMIC},
    "setup.py": {"setup.py": "setup(install_requires=['lib'])"},
    "setup.py and setup.cfg": {"setup.py": "setup(**read())", "setup.cfg": CFG},
    "another standard": {"pyproject.toml": "[tool.flit.metadata]\nrequires = ['lib']\n"},
}
SEEN: Final[Mapping[str, Mapping[str, str]]] = {
    "Poetry": {"pyproject.toml": f'{DYNAMIC}[tool.poetry]\nversion = "1"\n'},
    "extras": {"pyproject.toml": DYNAMIC.replace('"dep', '"optional-dep')},
    "project and setup.py": {"pyproject.toml": COMMON, **UNSEEN["setup.py"]},
}


@pytest.mark.slow_after(4)
@pytest.mark.parametrize("case", [*UNSEEN, *SEEN])
def test_what_only_a_build_shows(tmp_path: Path, case: str) -> None:
    for name, text in {**UNSEEN, **SEEN}[case].items():
        put(tmp_path, f"common/{name}", text)
    found = digests(tmp_path)
    assert list(found.digests) == ["common"]
    assert found.unseen == ({"common": "common"} if case in UNSEEN else {})


@pytest.mark.slow_after(5)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "cut off [",
        "project = 1",
        "[project]\ndependencies = 1",
        "[project]\ndynamic = 1",
        "tool = []",
        "[tool.poetry]\ndependencies = []",
        "[tool.poetry]\nextras = 1\n[tool.poetry.dependencies]\na = 1",
        "[project]\ndependencies = [1]",
        f"#{' ' * LARGEST_TEMPLATE}",
    ],
)
def test_what_cannot_be_read_has_no_digest(tmp_path: Path, text: str) -> None:
    if text:
        put(tmp_path, "common/pyproject.toml", text)
    derived = ON_COMMON.replace(" }", ', extras = ["x"] }')
    assert digests(tmp_path, derived) == PathDigests()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_no_special_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "common").mkdir()
    os.mkfifo(tmp_path / "common/pyproject.toml")
    assert digests(tmp_path) == PathDigests()


def test_a_file_has_no_digest(tmp_path: Path) -> None:
    put(tmp_path, "common", "a wheel")
    assert digests(tmp_path) == PathDigests()


def test_packages_from_elsewhere_are_not_looked_for(tmp_path: Path) -> None:
    put(tmp_path, "pyproject.toml", COMMON)
    derived = """
        [project]
        dependencies = ["a @ git+https://git.example/a@main", "b @ https://x.example/b.whl", "c<2"]
        [tool.poetry.dependencies]
        d = { git = "https://git.example/d" }
    """
    assert digests(tmp_path, derived) == PathDigests()


@pytest.mark.parametrize(
    ("requirement", "is_on_project"), [("demo", False), ("demo[x]", False), ("Demo>=1.5", True)]
)
def test_a_path_dependency_that_requires_the_project(
    tmp_path: Path, requirement: str, *, is_on_project: bool
) -> None:
    put(tmp_path, "common/pyproject.toml", COMMON.replace("lib<2", requirement))
    assert digests(tmp_path).on_project is is_on_project


def test_a_release_of_the_project_counts_if_a_path_dependency_excludes_it(tmp_path: Path) -> None:
    put(tmp_path, "common/pyproject.toml", COMMON.replace("lib<2", "demo<2"))
    data = {"tool": {"poetry": {}}, **tomllib.loads(ON_COMMON)}
    found = [
        PathPackages(tmp_path, {"project": {"name": "demo", "version": version}}).digests(
            data, FOLDER
        )
        for version in ("1.7", "1.8", "2.0")
    ]
    assert found[0] == found[1] != found[2]
