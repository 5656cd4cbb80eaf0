"""What a stage may depend on: locked, exported and installed from wherever it comes."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import ExitStack
from dataclasses import replace
from textwrap import dedent
from typing import TYPE_CHECKING, Final

import pytest

from loopback import in_tree_backend
from loopback.catalogue import Catalogue, load
from loopback.index import LoopbackIndex
from pythons import activated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness import Poetry

STAGES: Final = """\
    [project]
    name = "demo"
    version = "1"
    requires-python = ">=3.11"

    [dependency-groups]
    training = []
    inference = []

    [tool.fti.stages.training]
    [tool.fti.stages.inference]

    """
VERSION: Final = (
    "python",
    "-c",
    "from importlib.metadata import version; print(version('torchish'))",
)


def write(root: Path, text: str) -> Path:
    root.mkdir(exist_ok=True)
    (root / "pyproject.toml").write_text(dedent(text), encoding="utf-8")
    return root


@pytest.fixture
def builds(built_artifacts: Path) -> Iterator[dict[str, str]]:
    """Two indexes, each with its own build of one version: `cpu` and `cu128`."""
    private = load(built_artifacts / "private.json", archives=built_artifacts)
    with ExitStack() as stack:
        found = {}
        for label in ("cpu", "cu128"):
            releases = private.projects["torchish"]
            mine = tuple(each for each in releases if each.version.endswith(f"+{label}"))
            index = stack.enter_context(LoopbackIndex(Catalogue({"torchish": mine})))
            found[label] = f"{index.url}simple/"
        yield found


def test_builds_of_one_package_come_from_a_source_per_stage(
    poetry: Poetry, tmp_path: Path, builds: dict[str, str]
) -> None:
    sources = "".join(
        f'[[tool.poetry.source]]\nname = "{name}"\nurl = "{url}"\npriority = "explicit"\n'
        for name, url in builds.items()
    )
    root = write(tmp_path, dedent(STAGES) + "[tool.poetry]\npackage-mode = false\n\n" + sources)
    poetry.ok(root, "fti", "add", "training", "torchish", "--source", "cu128")
    poetry.ok(root, "fti", "add", "inference", "torchish==2.1+cpu", "--source", "cpu")
    poetry.ok(root, "fti", "install", "training", "inference")
    assert poetry.ok(root, "fti", "run", "training", *VERSION) == "2.1+cu128\n"
    assert poetry.ok(root, "fti", "run", "inference", *VERSION) == "2.1+cpu\n"
    poetry.ok(root, "fti", "export")
    assert "cudaish" not in (root / "fti/inference/requirements.txt").read_text(encoding="utf-8")
    pylock = (root / "fti/training/pylock.training.toml").read_text(encoding="utf-8")
    assert builds["cu128"].removesuffix("simple/") in pylock
    assert builds["cpu"] not in pylock


EDITABLE: Final = """\
    from pathlib import Path
    from in_tree_backend import build_wheel, write_wheel

    def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
        here = Path.cwd()
        wheel = Path(wheel_directory, f"{here.name}-0.7-py3-none-any.whl")
        contents = {f"{here.name}.pth": str(here).encode()}
        write_wheel(wheel, contents, (here / "PKG-INFO").read_bytes())
        return wheel.name
    """


def library(folder: Path) -> Path:
    """Write the source tree of a small package, of the folder's name."""
    name = folder.name
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text("", encoding="utf-8")
    (folder / "PKG-INFO").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.7\n")
    shutil.copy(in_tree_backend.__file__, folder / "in_tree_backend.py")
    (folder / "editable_backend.py").write_text(dedent(EDITABLE), encoding="utf-8")
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "0.7"\n'
        '[build-system]\nrequires = []\nbuild-backend = "editable_backend"\nbackend-path = ["."]\n',
        encoding="utf-8",
    )
    return folder


def committed(folder: Path) -> str:
    """Make a folder a git repository and return the URL of its commit."""
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], check=True)
    return f"git+{folder.as_uri()}"


def test_direct_references_are_added_to_a_stage(
    poetry: Poetry, tmp_path: Path, built_artifacts: Path
) -> None:
    index = poetry.environment["LOOPBACK_INDEX_URL"]
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name in ("drawing-0.3-py3-none-any.whl", "loopish-0.1-py3-none-any.whl"):
        (wheels / name).write_bytes((built_artifacts / name).read_bytes())
    library(tmp_path / "libs/near")
    library(tmp_path / "libs/linked")
    repository = committed(library(tmp_path / "elsewhere/far"))
    stages = dedent(STAGES).replace("training = []", f'training = ["far @ {repository}"]')
    root = write(tmp_path / "demo", stages + "[tool.poetry]\npackage-mode = false\n")
    for words in (
        ("../wheels/drawing-0.3-py3-none-any.whl",),
        ("../libs/near",),
        ("--editable", "../libs/linked"),
        (f"{index}files/oldie-1.0-py3-none-any.whl",),
    ):
        poetry.ok(root, "fti", "add", "training", *words)
    poetry.ok(root, "fti", "install", "training")
    imported = ("python", "-c", "import drawing, near, linked, far, oldie; print(linked.__file__)")
    assert poetry.ok(root, "fti", "run", "training", *imported) == (
        f"{tmp_path.resolve()}/libs/linked/linked/__init__.py\n"
    )
    assert poetry.ok(root, "fti", "lock", "--check", "training") == "1 lock checked: all fresh.\n"
    poetry.ok(root, "fti", "export", "training", "--format", "requirements")


def test_the_projects_own_package_is_installed_into_each_stage(
    poetry: Poetry, tmp_path: Path
) -> None:
    text = STAGES.replace(
        'requires-python = ">=3.11"',
        'requires-python = ">=3.11"\n    scripts = { churn-train = "churn.main:run" }\n'
        '    optional-dependencies = { fast = ["loopish"], slow = ["oldie"] }',
    ).replace("[tool.fti.stages.training]", '[tool.fti.stages.training]\n    extras = ["fast"]')
    root = write(
        tmp_path, text + '[tool.poetry]\n    packages = [{ include = "churn", from = "src" }]\n'
    )
    (root / "src/churn").mkdir(parents=True)
    (root / "src/churn/__init__.py").write_text("", encoding="utf-8")
    (root / "src/churn/main.py").write_text("def run():\n    print('trained')\n", encoding="utf-8")
    poetry.ok(root, "fti", "lock")
    poetry.ok(root, "fti", "install", "training", "inference")
    for stage in ("training", "inference"):
        assert poetry.ok(root, "fti", "run", stage, "churn-train") == "trained\n"
    has = ("python", "-c", "from importlib.util import find_spec as f; print(f('loopish') is None)")
    assert poetry.ok(root, "fti", "run", "training", *has) == "False\n"
    assert poetry.ok(root, "fti", "run", "inference", *has) == "True\n"


SERVER: Final = """\
    [project]
    name = "serverlib"
    version = "1.7.0"
    requires-python = ">=3.11"

    [tool.poetry.group.inference.dependencies]
    runtime = { path = "./runtime" }
    """


def test_a_plugin_of_the_project_in_the_same_repository(poetry: Poetry, tmp_path: Path) -> None:
    root = write(tmp_path / "server", SERVER)
    (root / "serverlib.py").write_text("", encoding="utf-8")
    plugin = library(root / "runtime") / "pyproject.toml"
    text = plugin.read_text(encoding="utf-8")
    requires = 'dependencies = ["serverlib>=1.5", "loopish"]\n[build-system]'
    plugin.write_text(text.replace("[build-system]", requires), encoding="utf-8")
    poetry.ok(root, "fti", "lock")
    poetry.ok(root, "fti", "export", "--format", "pyproject", "--format", "requirements")
    poetry.ok(root, "fti", "install", "inference")
    imported = ("python", "-c", "import serverlib, runtime, loopish; print('ready')")
    assert poetry.ok(root, "fti", "run", "inference", *imported) == "ready\n"
    lock = root / "fti/inference/poetry.lock"
    ours = lock.read_bytes()
    lock.unlink()
    plain = replace(poetry, environment=activated(poetry.environment, tmp_path / "venv"))
    plain.ok(lock.parent, "lock", "--no-plugins")
    assert lock.read_bytes() == ours.partition(b"\n[metadata.fti]\n")[0]
