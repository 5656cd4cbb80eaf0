"""Scripts that create the environments of stages, run by the shells of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

import pytest
from packaging.utils import canonicalize_name

from fast.exporters.canned import LINUX, STAGE, on, package, stage
from fast.exporters.test_script import CONSTRAINED
from poetry_fti.bridge.toml_parser import tomllib
from poetry_fti.exporters.python import script
from poetry_fti.model.origins import DirectoryOrigin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness import Poetry
    from poetry_fti.model.lock import LockedStage

pytestmark = [
    pytest.mark.newest_only,
    pytest.mark.skipif(os.name == "nt", reason="no POSIX shell"),
]

ONE_PATH: Final = stage(package("tree", origin=DirectoryOrigin(PurePosixPath("libs/tree"))))
LIST: Final = """\
from importlib.metadata import distributions
print(*{f"{each.name} {each.version}" for each in distributions()}, sep="\\n")
"""


@dataclass(frozen=True)
class Scripts:
    """A project with exported scripts, and the variables that they are run with."""

    root: Path
    variables: Mapping[str, str]

    def run(
        self, stage: str, *words: str, shell: str = "sh", **more: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [shell, f"fti/{stage}/install.sh", *words],
            cwd=self.root,
            env={**self.variables, "PYTHON": sys.executable, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def edit(self, stage: str, old: str, new: str) -> None:
        """Replace a text in the script of a stage."""
        path = self.root / "fti" / stage / "install.sh"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def scripts(poetry: Poetry, locked_tiny: Path) -> Scripts:
    poetry.ok(locked_tiny, "fti", "export", "--format", "script")
    return Scripts(locked_tiny, poetry.environment)


@pytest.mark.parametrize("locked", [STAGE, CONSTRAINED, on(CONSTRAINED, LINUX), ONE_PATH])
def test_shellcheck_finds_nothing(locked: LockedStage) -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    if not shellcheck.exists():
        pytest.skip("shellcheck is not installed")
    done = subprocess.run(
        [shellcheck, "--severity=style", "-"],
        input=script.files(locked)["install.sh"],
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_a_script_creates_the_environment_of_its_stage_from_the_locked_files(
    scripts: Scripts,
) -> None:
    scripts.edit("inference", "--hash=sha256:", "--hash=sha256:00000000")
    wrong = scripts.run("inference", "my environment", shell=shell_named("bash"))
    assert wrong.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in wrong.stderr

    # The environment is made anew.
    scripts.edit("inference", "--hash=sha256:00000000", "--hash=sha256:")
    folder = scripts.root / "my environment"
    (folder / "stray.txt").touch()
    done = scripts.run("inference", "my environment", shell=shell_named("dash"))
    assert (done.returncode, done.stderr) == (0, "")
    activate = "Activate it with: . 'my environment/bin/activate'"
    assert done.stdout.endswith(f"Created my environment. {activate}\n")
    expected = locked_versions(scripts.root / "fti/inference/poetry.lock")
    assert installed(folder) == expected
    assert "webby 0.9" in expected
    assert not (folder / "stray.txt").exists()

    refused = scripts.run("inference", "src")
    assert (refused.returncode, refused.stderr) == (
        1,
        "src exists, and is not a virtual environment. Name another folder.\n",
    )
    assert (scripts.root / "src" / "tiny").exists()


def shell_named(name: str) -> str:
    return name if shutil.which(name) else "sh"


def installed(environment: Path) -> set[str]:
    """Return the packages of an environment, but for its pip."""
    words = [str(environment / "bin" / "python"), "-I", "-c", LIST]
    listed = subprocess.run(words, capture_output=True, check=True, text=True).stdout.splitlines()
    names = (each.partition(" ") for each in listed)
    found = {f"{canonicalize_name(name)} {version}" for name, _, version in names}
    return {each for each in found if not each.startswith(("pip ", "setuptools "))}


def locked_versions(lock: Path) -> set[str]:
    packages = tomllib.loads(lock.read_text(encoding="utf-8"))["package"]
    return {f"{each['name']} {each['version']}" for each in packages}


def test_powershell_creates_the_environment_of_a_stage(scripts: Scripts) -> None:
    if shutil.which("pwsh") is None:
        pytest.skip("PowerShell is not installed")
    done = subprocess.run(
        ["pwsh", "-NoProfile", "-File", "fti/feature/install.ps1", "my environment"],
        cwd=scripts.root,
        env={**scripts.variables, "PYTHON": sys.executable},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    expected = locked_versions(scripts.root / "fti/feature/poetry.lock")
    assert installed(scripts.root / "my environment") == expected


def test_another_python_or_platform_is_refused(scripts: Scripts) -> None:
    scripts.edit("feature", "(3, 10) <= version < (3, 14)", "(2, 0) <= version < (3, 0)")
    chosen, found = scripts.run("feature"), scripts.run("feature", PYTHON="")
    assert chosen.stderr == f"{sys.executable} is not a Python >=3.10,<3.14.\n"
    assert found.stderr == (
        "No Python >=3.10,<3.14 is on PATH. Install one, or set PYTHON to its path.\n"
    )
    missing = scripts.run("training", PYTHON="no-such-python")
    assert missing.stderr == "no-such-python is not a Python >=3.10,<3.14.\n"
    assert [each.returncode for each in (chosen, found, missing)] == [1, 1, 1]
    assert not list(scripts.root.glob(".venv*"))
