"""Constraints of builds, as uv and pip are given them by the exports, and as Poetry has them."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from loopback import in_tree_backend

if TYPE_CHECKING:
    from harness import Poetry

pytestmark = pytest.mark.newest_only

PYPROJECT = """\
    [project]
    name = "demo"
    version = "1"
    requires-python = ">=3.10"

    [dependency-groups]
    training = ["clipish"]

    [tool.poetry]
    package-mode = false

    [tool.poetry.group.training.dependencies]
    clipish = { path = "vendor/clipish-1.0.tar.gz" }

    [tool.poetry.build-constraints]
    clipish = { alpha = "<2" }
    """
# Its build fails with the newest version of what it requires, which it does not say.
BUILD = """\
    [build-system]
    requires = ["alpha"]
    build-backend = "backend"
    backend-path = ["."]
    """
BACKEND = """\
    import alpha
    from in_tree_backend import build_wheel

    assert alpha.__version__ < "2", f"cannot be built with alpha {alpha.__version__}"
    """
METADATA = "Metadata-Version: 2.2\nName: clipish\nVersion: 1.0\n"


@pytest.fixture
def exported(tmp_path: Path, poetry: Poetry) -> Path:
    """A project with a source distribution that only builds under the constraints."""
    source, root = tmp_path / "clipish-1.0", tmp_path / "demo"
    backend = Path(in_tree_backend.__file__).read_text(encoding="utf-8")
    for name, text in {
        "PKG-INFO": METADATA,
        "pyproject.toml": dedent(BUILD),
        "backend.py": dedent(BACKEND),
        "in_tree_backend.py": backend,
        "clipish/__init__.py": "",
    }.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / "vendor").mkdir(parents=True)
    with tarfile.open(root / "vendor/clipish-1.0.tar.gz", "w:gz") as archive:
        archive.add(source, source.name)
    (root / "pyproject.toml").write_text(dedent(PYPROJECT), encoding="utf-8")
    poetry.ok(root, "fti", "lock")
    poetry.ok(root, "fti", "export", "-f", "requirements", "-f", "dockerfile")
    return root


def install(root: Path, poetry: Poetry, *words: str, **variables: str) -> str:
    """Install the exported requirements with a tool; return its errors."""
    requirements = ("--require-hashes", "-r", "fti/training/requirements.txt")
    command = [sys.executable, "-m", *words, "--no-deps", "--target", "installed", *requirements]
    environment = {**poetry.environment, **variables}
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) is (root / "installed/clipish").exists(), done.stderr
    return done.stderr


def test_uv_builds_with_them_only(exported: Path, poetry: Poetry) -> None:
    assert "cannot be built with alpha 2.0" in install(exported, poetry, "uv", "pip", "install")
    option = ("--build-constraint", "fti/training/build-constraints.txt")
    install(exported, poetry, "uv", "pip", "install", *option)
    assert (exported / "installed/clipish").exists()
    text = (exported / "fti/training/Dockerfile").read_text(encoding="utf-8")
    assert f" {option[0]} /tmp/build-constraints.txt " in text


def test_pip_builds_with_them(exported: Path, poetry: Poetry) -> None:
    constraints = "fti/training/build-constraints.txt"
    install(exported, poetry, "pip", "install", PIP_BUILD_CONSTRAINT=constraints)
    assert (exported / "installed/clipish").exists()
