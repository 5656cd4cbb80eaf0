"""The public Python API, as its documentation shows it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import poetry_fti
from poetry_fti import api

if TYPE_CHECKING:
    from harness import Poetry

pytestmark = pytest.mark.newest_only

DOCUMENTATION: Final = Path(__file__).parents[2] / "docs/reference/api.md"


def example() -> str:
    blocks = re.findall(
        r"```python\n(.*?)```", DOCUMENTATION.read_text(encoding="utf-8"), re.DOTALL
    )
    (block,) = blocks
    return str(block)


def run(code: str, folder: Path, poetry: Poetry) -> str:
    """Run code in a new process of Python that has the loopback index as the default one."""
    index = "import os\nfrom loopback.poetry_main import use_index\n"
    index += "use_index(os.environ['LOOPBACK_INDEX_URL'])\n"
    done = subprocess.run(
        [sys.executable, "-c", index + code],
        cwd=folder,
        env=dict(poetry.environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_documented_example(locked_tiny: Path, poetry: Poetry) -> None:
    pyproject = locked_tiny / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8").replace("training = [", 'training = ["oldie", ')
    pyproject.write_text(text, encoding="utf-8")
    lines = run(example(), locked_tiny, poetry).splitlines()
    assert lines == [
        "feature: 3 packages, 0 changes",
        "training: 8 packages, 1 changes",
        "inference: 8 packages, 0 changes",
        "training has alpha 2.0",
        "pylock.training.toml",
        "15 files, 15 of them new or changed",
    ]
    assert poetry.ok(locked_tiny, "fti", "export", "--check") == (
        "15 files checked: all up to date.\n"
    )


def test_importing_the_api_imports_no_part_of_poetry() -> None:
    code = (
        "import sys\nfrom poetry_fti import Project, Stage, LockResult\n"
        "print([name for name in sys.modules if name.partition('.')[0] in ('poetry', 'cleo')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_names_of_the_api_are_those_of_the_package_and_documented() -> None:
    assert poetry_fti.__all__ == api.__all__
    documentation = DOCUMENTATION.read_text(encoding="utf-8")
    for name in api.__all__:
        assert re.search(rf"\b{name}\b", documentation), name
