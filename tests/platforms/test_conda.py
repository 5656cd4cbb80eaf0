"""environment.yml, created by conda: the one that conda-lock contains."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

from conda_channel import make_channel
from consumer import Consumer
from exported import exported
from loopback import in_tree_backend

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Poetry

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the packages of the channel are for Linux"
)

# It starts itself again, so it needs a file.
_CONDA: Final = """\
import sys
from importlib.util import find_spec
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(find_spec("conda_lock").origin).parent / "_vendor"))
    from conda.cli import main

    sys.exit(main())
"""


@dataclass(frozen=True)
class Conda:
    """Conda with a channel of its own in the place of conda-forge."""

    consumer: Consumer
    folder: Path
    variables: dict[str, str]

    def create(self, environment: Path, **variables: str) -> None:
        """Create an environment."""
        words = (self.folder / "conda.py", "env", "create", "--file", environment)
        self.consumer.run("python", *words, cwd=self.folder, **self.variables, **variables)

    def installed(self, name: str) -> dict[str, str]:
        """Return the versions of the packages in an environment, except pip."""
        python = self.folder / "envs" / name / "bin/python"
        words = ("-m", "pip", "freeze")
        done = subprocess.run([python, *words], capture_output=True, text=True, check=True)
        return dict(line.partition("==")[::2] for line in done.stdout.splitlines())


@pytest.fixture(scope="module")
def conda(tmp_path_factory: pytest.TempPathFactory, poetry: Poetry) -> Conda:
    folder = tmp_path_factory.mktemp("conda")
    make_channel(folder / "channel" / "conda-forge")
    (folder / "conda.py").write_text(_CONDA, encoding="utf-8")
    (folder / "condarc").write_text(
        f"channel_alias: {(folder / 'channel').as_uri()}\n"
        "default_channels: []\n"
        "solver: classic\n"
        "sat_solver: pysat\n"
        f"pkgs_dirs: [{folder / 'packages'}]\n"
        f"envs_dirs: [{folder / 'envs'}]\n",
        encoding="utf-8",
    )
    variables = {"CONDARC": str(folder / "condarc"), "CONDA_OVERRIDE_CUDA": ""}
    return Conda(Consumer.named("conda"), folder, {**poetry.environment, **variables})


def test_an_environment_has_the_locked_versions_and_variables(
    conda: Conda, poetry: Poetry, locked_tiny: Path
) -> None:
    folder = exported(poetry, locked_tiny, "conda", "inference", 'env = { WORKERS = "2" }')
    environment = folder / "environment.yml"
    assert "--hash=sha256:" in environment.read_text(encoding="utf-8")
    conda.create(environment)
    assert conda.installed("tiny-inference") == {
        "alpha": "2.0",
        "boosting": "1.0",
        "Dotted.Name_Pkg": "1.0",
        "loopish": "0.1",
        "native": "1.0",
        "sourceonly": "1.0",
        **({"typing-backfill": "1.0"} if sys.version_info < (3, 12) else {}),
        "webby": "0.9",
    }
    state = conda.folder / "envs/tiny-inference/conda-meta/state"
    assert json.loads(state.read_text(encoding="utf-8"))["env_vars"] == {"WORKERS": "2"}


def test_a_file_that_is_not_the_locked_one_is_refused(
    conda: Conda, poetry: Poetry, locked_tiny: Path
) -> None:
    environment = exported(poetry, locked_tiny, "conda", "training") / "environment.yml"
    text = environment.read_text(encoding="utf-8")
    changed, count = re.subn("sha256:[0-9a-f]{8}", f"sha256:{'0' * 8}", text)
    assert count
    environment.write_text(changed, encoding="utf-8")
    with pytest.raises(AssertionError, match="THESE PACKAGES DO NOT MATCH THE HASHES"):
        conda.create(environment)


def test_a_source_tree_is_installed_from_wherever_conda_is_started(
    conda: Conda, poetry: Poetry, locked_tiny: Path
) -> None:
    library(locked_tiny / "libs" / "library")
    pyproject = locked_tiny / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8").replace('feature = ["sparkish"]\n', "")
    group = '[tool.poetry.group.feature.dependencies]\nlibrary = { path = "libs/library" }\n'
    pyproject.write_text(f"{text}\n{group}", encoding="utf-8")
    conda.create(exported(poetry, locked_tiny, "conda", "feature") / "environment.yml")
    installed = conda.installed("tiny-feature")
    assert {name.partition(" @ ")[0] for name in installed} == {"Dotted.Name_Pkg", "library"}


def library(root: Path) -> None:
    """Write a source tree that is built without further packages."""
    (root / "library").mkdir(parents=True)
    shutil.copy(in_tree_backend.__file__, root)
    metadata = "Metadata-Version: 2.1\nName: library\nVersion: 1.0\n"
    project = '[project]\nname = "library"\nversion = "1.0"\n'
    build = '[build-system]\nrequires = []\nbackend-path = ["."]\n'
    files = {
        "PKG-INFO": metadata,
        "library/__init__.py": "",
        "pyproject.toml": f'{project}{build}build-backend = "in_tree_backend"\n',
    }
    for name, content in files.items():
        (root / name).write_text(content, encoding="utf-8")
