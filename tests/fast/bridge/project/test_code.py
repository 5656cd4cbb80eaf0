"""Where a project's own code is, and what a wheel of it is built from."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest
from poetry.factory import Factory

from poetry_fti.bridge.project.code import project_code
from poetry_fti.model.lock import Code

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = '[project]\nname = "credit"\nversion = "1"\n'


def code(root: Path, text: str, *files: str) -> Code:
    for name in ("pyproject.toml", *files):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    (root / "pyproject.toml").write_text(PROJECT + text, encoding="utf-8")
    return project_code(Factory().create_poetry(root, disable_plugins=True))


@pytest.mark.slow_after(5)
@pytest.mark.parametrize(
    ("text", "files", "packages", "roots"),
    [
        ("", ("credit/__init__.py",), ["credit"], ["."]),
        ("", ("src/credit/a/b.py", "src/credit/c.py"), ["src/credit"], ["src"]),
        ("", ("src/credit/a/b.py",), ["src/credit"], ["src"]),
        ("", ("credit.py",), ["credit.py"], ["."]),
        (
            "packages = [{ include = 'a/b', from = 'lib' }, { include = 'c.py', to = 'x' }]",
            ("lib/a/b/x.py", "lib/a/c/x.py", "c.py"),
            ["c.py", "lib/a/b"],
            [".", "lib"],
        ),
        (
            "packages = [{ include = 'a/**/*.py' }, { include = 't', format = 'sdist' }]",
            ("a/x.py", "a/b/y.py", "t/z.py"),
            ["a"],
            ["."],
        ),
        ("packages = [{ include = '*.py' }]", ("a.py", "b.py"), ["."], ["."]),
        ("", ("other/__init__.py",), [], []),
        ("packages = [{ include = 'missing' }]", ("other/__init__.py",), [], []),
    ],
)
def test_packages_are_where_poetry_core_finds_them(
    tmp_path: Path, text: str, files: tuple[str, ...], packages: list[str], roots: list[str]
) -> None:
    found = code(tmp_path, f"[tool.poetry]\n{text}\n", *files)
    assert [list(map(str, paths)) for paths in (found.packages, found.roots)] == [packages, roots]


SOURCES = """\
readme = "docs/../README.md"
license-files = ["LIC*", "legal/*.txt"]
[tool.poetry]
include = [
    "CHANGES",
    { path = "credit/generated.py", format = "wheel" },
    { path = "data/**/*.json", format = ["sdist", "wheel"] },
    { path = "data/more", format = "wheel" },
    { path = "*.cfg", format = "wheel" },
    { path = "made-later.py", format = "wheel" },
]
[tool.poetry.scripts]
tool = { reference = "bin/tool.sh", type = "file" }
run = "credit:run"
[tool.poetry.build]
script = "build.py"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["backend"]
"""


def test_a_wheel_is_built_from_more_than_packages(tmp_path: Path) -> None:
    files = ("README.md", "docs/a", "LICENSE", "NOTICE", "legal/a.txt", "data/a", "data/more/b")
    found = code(tmp_path, SOURCES, "credit/__init__.py", "setup.cfg", "CHANGES", *files)
    assert list(map(str, found.sources)) == [
        "LICENSE",
        "README.md",
        "backend",
        "bin/tool.sh",
        "build.py",
        "data",
        "legal/a.txt",
        "pyproject.toml",
        "setup.cfg",
    ]


def test_what_is_missing_is_left_to_the_build(tmp_path: Path) -> None:
    found = code(tmp_path, 'readme = "README.md"\nlicense-files = ["LIC*"]\n', "credit.py")
    assert list(map(str, found.sources)) == ["README.md", "pyproject.toml"]


NO_PACKAGE = "[tool.poetry]\npackage-mode = false\n"
WITH_PATHS = """\
[tool.fti]
isolated = true
[tool.poetry.group.training.dependencies]
common = { path = "libs/common", develop = true }
"""


@pytest.mark.slow
def test_a_project_that_is_no_package_has_no_sources(tmp_path: Path) -> None:
    assert code(tmp_path, NO_PACKAGE, "credit.py") == Code()
    declared = code(tmp_path, f"{NO_PACKAGE}packages = [{{ include = 'credit.py' }}]\n")
    root = PurePosixPath()
    assert declared == Code(packages=(root / "credit.py",), roots=(root,))


@pytest.mark.parametrize("mode", ["", NO_PACKAGE])
def test_the_tree_around_path_dependencies_is_no_code(tmp_path: Path, mode: str) -> None:
    found = code(tmp_path, mode + WITH_PATHS, "libs/common/pyproject.toml")
    assert (found.packages, found.whole_tree) == ((), False)
