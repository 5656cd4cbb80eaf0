"""What is exported, installed by pip and uv: exactly what the stage's lock holds."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pip
import pytest
from packaging.markers import Marker
from packaging.utils import canonicalize_name

from loopback import in_tree_backend
from loopback.clients import copy_project
from loopback.relocate import relocate
from poetry_fti.bridge.toml_parser import tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness import Poetry
    from loopback.index import LoopbackIndex

pytestmark = pytest.mark.newest_only

# The other stages require some of what these require.
STAGES = [("tiny", "inference"), ("all-origins", "feature"), ("all-origins", "inference")]


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment and the tools that install into it."""

    folder: Path
    variables: Mapping[str, str]

    def run(self, *words: str | Path, cwd: Path | None = None) -> str:
        return self._run(sys.executable, "-m", *words, cwd=cwd)

    def _run(self, *words: str | Path, cwd: Path | None) -> str:
        done = subprocess.run(
            words,
            cwd=cwd,
            env=dict(self.variables),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def pip(self, *words: str | Path, cwd: Path) -> str:
        # What `pip --python` starts.
        (python,) = self.folder.glob("*/python")
        runner = Path(pip.__file__).with_name("__pip-runner__.py")
        return self._run(python, runner, *words, cwd=cwd)

    def uv(self, *words: str | Path, cwd: Path) -> str:
        return self.run("uv", "pip", *words, "--python", self.folder, cwd=cwd)

    def installed(self) -> dict[str, str]:
        found = json.loads(self.uv("list", "--format", "json", cwd=self.folder))
        return {canonicalize_name(each["name"]): each["version"] for each in found}


@pytest.fixture
def environments(tmp_path: Path, poetry: Poetry) -> Callable[[], Environment]:
    def create() -> Environment:
        number = len(list(tmp_path.glob("venv*")))
        environment = Environment(tmp_path / f"venv{number}", poetry.environment)
        environment.run("uv", "venv", "--python", sys.executable, environment.folder)
        return environment

    return create


def locked_here(lock: Path) -> dict[str, str]:
    """Return what a lock installs on this machine, by its markers alone."""
    data = tomllib.loads(lock.read_text())
    return {
        canonicalize_name(package["name"]): package["version"]
        for package in data["package"]
        if any(Marker(marker).evaluate() for marker in _markers(package))
    }


def _markers(package: Mapping[str, object]) -> list[str]:
    always = "python_version > '0'"
    found = package.get("markers", always)
    if isinstance(found, str):
        return [found]
    groups = package["groups"]
    assert isinstance(found, dict)
    assert isinstance(groups, list)
    return [found.get(group, always) for group in groups]


ALL_ORIGINS = """\
    [project]
    name = "all-origins"
    version = "1"
    requires-python = ">=3.10"
    dependencies = ["Dotted.Name_Pkg"]

    [dependency-groups]
    feature = ["sparkish", "local"]
    training = ["alpha >=2"]
    inference = ["torchish", "boosting[plot]", "native", "wheeled"]

    [tool.poetry]
    package-mode = false

    [tool.poetry.group.feature.dependencies]
    local = {{ path = "libs/local" }}

    [tool.poetry.group.inference.dependencies]
    torchish = {{ version = "2.1+cpu", source = "private" }}
    wheeled = {{ path = "libs/{wheel}" }}

    [[tool.poetry.source]]
    name = "private"
    url = "{url}private/simple/"
    priority = "explicit"

    [[tool.poetry.source]]
    name = "PyPI"

    [tool.fti.stages.feature]
    [tool.fti.stages.training]
    [tool.fti.stages.inference]
    platforms = ["linux/amd64", "linux/arm64", "macos/amd64", "macos/arm64", "windows/amd64"]
    """

LOCAL = """\
    [project]
    name = "local"
    version = "0.1"
    requires-python = ">=3.10"
    dependencies = ["drawing"]

    [build-system]
    requires = []
    build-backend = "in_tree_backend"
    backend-path = ["."]
    """
LOCAL_METADATA = """\
    Metadata-Version: 2.1
    Name: local
    Version: 0.1
    Requires-Python: >=3.10
    Requires-Dist: drawing
    """
WHEELED_METADATA = b"Metadata-Version: 2.1\nName: wheeled\nVersion: 1.0\n"


def make_all_origins(root: Path, url: str) -> None:
    """Write a project with a private index, a path dependency and a wheel."""
    local = root / "libs" / "local"
    (local / "local").mkdir(parents=True)
    wheel = root / "libs" / "wheeled-1.0-py3-none-any.whl"
    in_tree_backend.write_wheel(wheel, {"wheeled/__init__.py": b""}, WHEELED_METADATA)
    backend = Path(in_tree_backend.__file__).read_text(encoding="utf-8")
    (local / "in_tree_backend.py").write_text(backend, encoding="utf-8")
    (local / "local" / "__init__.py").write_text("")
    (local / "pyproject.toml").write_text(dedent(LOCAL))
    (local / "PKG-INFO").write_text(dedent(LOCAL_METADATA))
    (root / "pyproject.toml").write_text(dedent(ALL_ORIGINS).format(wheel=wheel.name, url=url))


@pytest.fixture(scope="module")
def exported(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    loopback_index: LoopbackIndex,
    poetry: Poetry,
) -> Path:
    """A project, locked and exported."""
    folder = tmp_path_factory.mktemp("exported")
    if request.param == "tiny":
        root = copy_project("tiny", folder)
        relocate(root, loopback_index.url)
    else:
        root = folder / "all origins"
        make_all_origins(root, loopback_index.url)
    poetry.ok(root, "fti", "lock")
    poetry.ok(root, "fti", "export", "-f", "requirements", "-f", "pylock")
    poetry.ok(root, "fti", "export", "--merged")
    return root


def requirements_of(folder: Path) -> list[Path]:
    hashed, sources = folder / "requirements.txt", folder / "requirements.sources.txt"
    return [hashed, sources] if sources.exists() else [hashed]


@pytest.mark.parametrize(("exported", "stage"), STAGES, indirect=["exported"])
def test_every_format_installs_exactly_the_locked_set(
    stage: str, exported: Path, environments: Callable[[], Environment]
) -> None:
    folder = exported / "fti" / stage
    expected = locked_here(folder / "poetry.lock")
    requirements = requirements_of(folder)
    installs: list[tuple[tuple[str | Path, ...], ...]] = [
        tuple(("uv", "install", "--no-deps", "-r", file) for file in requirements),
        tuple(("pip", "install", "--no-deps", "-r", file) for file in requirements),
        (("uv", "sync", folder / f"pylock.{stage}.toml"),),
        (("uv", "sync", "fti/pylock.toml", "--group", stage),),
    ]
    # pip refuses lock files that hold source trees: they have no hash that it could check.
    if len(requirements) == 1:
        pylock = f"fti/{stage}/pylock.{stage}.toml"
        installs += [
            (("pip", "install", "--no-deps", "-r", pylock),),
            (("pip", "install", "--no-deps", "--group", f"fti/pylock.toml:{stage}"),),
        ]
    for commands in installs:
        environment = environments()
        for tool, *words in commands:
            (environment.pip if tool == "pip" else environment.uv)(*words, cwd=exported)
        assert environment.installed() == expected, commands


@pytest.mark.parametrize("exported", ["tiny", "all-origins"], indirect=True)
def test_stages_that_conflict_are_not_installed_together(
    exported: Path, environments: Callable[[], Environment]
) -> None:
    lock, both = "fti/pylock.toml", ("--group", "feature", "--group", "training")
    with pytest.raises(AssertionError, match="alpha"):
        environments().uv("sync", lock, *both, cwd=exported)
