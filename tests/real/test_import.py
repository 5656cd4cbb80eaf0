"""`poetry fti import` with the real Poetry: stages at the versions of the files that teams have."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from harness import Poetry, snapshot
from loopback.clients import isolated_environment
from loopback.index import LoopbackIndex
from small_index import catalogue, lab, locked_in

if TYPE_CHECKING:
    from pathlib import Path

    from small_index import Lab, Releases

pytestmark = pytest.mark.newest_only

RELEASES: Final[Releases] = {
    "app 1.0": ["lib"],
    "app 1.5": ["lib"],
    "lib 1.0": [],
    "lib 2.0": [],
}
PROJECT: Final = """\
[project]
name = "demo"  # ours
version = "1"
requires-python = ">=3.11"

[tool.black]
line-length = 100
"""


@pytest.fixture
def demo(tmp_path: Path) -> Lab:
    demo = lab(tmp_path)
    demo.write(PROJECT)
    return demo


def test_a_stage_is_made_locked_and_exported_at_the_same_versions(demo: Lab) -> None:
    (demo.root / "requirements.txt").write_text("app==1.0\nlib==1.0\n", encoding="utf-8")
    done = demo.run(RELEASES, "fti", "import", "training", str(demo.root / "requirements.txt"))
    assert (done.code, done.errors) == (0, ""), done
    assert done.output.splitlines()[-1] == "Created the stage training."
    assert demo.locked == {"training": "app 1.0, lib 1.0"}
    text = (demo.root / "pyproject.toml").read_text(encoding="utf-8")
    assert text.startswith(PROJECT)
    exported = demo.run(RELEASES, "fti", "export", "--format", "requirements")
    assert exported.code == 0, exported.errors
    again = str(demo.root / "fti/training/requirements.txt")
    done = demo.run(RELEASES, "fti", "import", "inference", again)
    assert done.code == 0, done.errors
    assert demo.locked == {
        "training": "app 1.0, lib 1.0",
        "inference": "app 1.0, lib 1.0",
    }
    assert demo.run(RELEASES, "check").code == 0


def test_packages_of_an_extra_are_kept_although_the_file_does_not_record_it(demo: Lab) -> None:
    releases = {**RELEASES, "app 1.0": ["lib", "socks; extra == 'proxy'"]}
    releases |= {"socks 1.0": [], "socks 2.0": []}
    settings = "[tool.fti.stages.training]\nconstraints = ['socks<2', 'lib<2']\n"
    demo.write(f"{PROJECT}\n[dependency-groups]\ntraining = ['app[proxy]<1.5']\n{settings}")
    assert demo.run(releases, "fti", "lock").code == 0
    assert demo.run(releases, "fti", "export", "--format", "requirements").code == 0
    exported = str(demo.root / "fti/training/requirements.txt")
    done = demo.run(releases, "fti", "import", "inference", exported)
    assert (done.code, done.errors) == (0, ""), done
    assert "socks became a requirement: no other package requires it" in done.output
    packages = "app 1.0, lib 1.0, socks 1.0"
    assert demo.locked == {"training": packages, "inference": packages}
    assert demo.run(releases, "fti", "lock", "--check").code == 0


def test_a_folder_inside_the_package_of_another_stage_is_a_path_dependency(demo: Lab) -> None:
    library = demo.root / "libs/features"
    library.mkdir(parents=True)
    (library / "pyproject.toml").write_text(
        '[project]\nname = "our-features"\nversion = "2.0"\nrequires-python = ">=3.11"\n'
        'dependencies = ["lib<2"]\n',
        encoding="utf-8",
    )
    requirements = demo.root / "services/api/requirements.txt"
    requirements.parent.mkdir(parents=True)
    requirements.write_text("-e ../../libs/features\napp\n", encoding="utf-8")
    done = demo.run(RELEASES, "fti", "import", "inference", str(requirements))
    assert (done.code, done.errors) == (0, ""), done
    assert demo.locked == {"inference": "app 1.5, lib 1.0, our-features 2.0"}
    text = (demo.root / "pyproject.toml").read_text(encoding="utf-8")
    assert 'our-features = { path = "libs/features", develop = true }' in text


def test_a_stage_that_cannot_be_locked_changes_no_file(demo: Lab) -> None:
    (demo.root / "requirements.txt").write_text("app\nno-such-package\n", encoding="utf-8")
    before = snapshot(demo.root)
    done = demo.run(RELEASES, "fti", "import", "training", str(demo.root / "requirements.txt"))
    assert done.code == 1
    assert done.errors.endswith("import them with `--no-lock`.\n")
    assert snapshot(demo.root) == before


@pytest.mark.parametrize(
    ("tool", "lock"),
    [(("uv", "lock"), "uv.lock"), (("pdm", "lock"), "pdm.lock")],
)
def test_the_lock_of_another_tool(tmp_path: Path, tool: tuple[str, str], lock: str) -> None:
    root = tmp_path / "demo"
    root.mkdir()
    text = f"{PROJECT}\n[dependency-groups]\ntraining = ['app<1.5']\ninference = ['lib']\n"
    (root / "pyproject.toml").write_text(text, encoding="utf-8")
    with LoopbackIndex(catalogue(RELEASES)) as index:
        environment = isolated_environment(tmp_path / "home", index.url)
        subprocess.run(
            [sys.executable, "-m", *tool], cwd=root, env=environment, check=True, timeout=120
        )
        for stage in ("training", "inference"):
            done = Poetry(environment)(root, "fti", "import", stage, lock)
            assert done.code == 0, done.errors
        checked = Poetry(environment)(root, "fti", "lock", "--check")
    assert checked.code == 0, checked.errors
    # Neither tool installs a project without a build system.
    after = f"{text}\n[tool.poetry]\npackage-mode = false\n"
    assert (root / "pyproject.toml").read_text(encoding="utf-8") == after
    assert "1.0" in (root / "fti/training/poetry.lock").read_text(encoding="utf-8")


def test_members_of_a_workspace_of_uv(tmp_path: Path) -> None:
    root = tmp_path / "demo"
    needs = {"shared": "lib<2", "trainer": "shared", "api": "app"}
    for name, requirement in needs.items():
        folder = root / "packages" / name
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(
            f'[project]\nname = "{name}"\nversion = "3"\nrequires-python = ">=3.11"\n'
            f'dependencies = ["{requirement}"]\n[build-system]\nrequires = ["hatchling"]\n'
            'build-backend = "hatchling.build"\n',
            encoding="utf-8",
        )
    text = (
        f'{PROJECT}\n[tool.uv.workspace]\nmembers = ["packages/*"]\n'
        "[tool.uv.sources]\nshared = { workspace = true }\n"
    )
    (root / "pyproject.toml").write_text(text, encoding="utf-8")
    with LoopbackIndex(catalogue(RELEASES)) as index:
        environment = isolated_environment(tmp_path / "home", index.url)
        uv = (sys.executable, "-m", "uv", "lock")
        subprocess.run(uv, cwd=root, env=environment, check=True, timeout=120)
        done = Poetry(environment)(root, "fti", "import", "--discover", "--no-interaction")
        assert done.code == 0, done.errors
        checked = Poetry(environment)(root, "fti", "lock", "--check")
    assert checked.code == 0, checked.errors
    assert (root / "pyproject.toml").read_text(encoding="utf-8").startswith(text)
    assert locked_in(root) == {
        "inference": "api 3, app 1.5, lib 1.0",
        "training": "lib 1.0, shared 3, trainer 3",
    }
