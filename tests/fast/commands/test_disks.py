"""Commands in a project on a full or a read-only disk: an error with the file, and no change."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pytest

from harness import snapshot
from memory_commands import run
from mounts import mount, mounted

if TYPE_CHECKING:
    from memory_index import MemoryProject

pytestmark = pytest.mark.generated
# Commands that write, and the path that each of them fails to write first.
WRITING: Final = {
    "lock --regenerate": "fti/feature/poetry.lock",
    "update": "fti/feature/poetry.lock",
    "add training app --lock": "fti/training/poetry.lock",
    "remove training mid --lock": "fti/training/poetry.lock",
    "clone training second": "fti/second",
    "init --no-interaction --stage serving=inference-minimal": "pyproject.toml",
    "export training --format requirements": "fti/training/requirements.txt",
}
READING: Final = (
    "list",
    "lock --check",
    "update --dry-run",
    "add training app --dry-run",
    "export training --format requirements --stdout",
)


@pytest.fixture
def project(locked_demo: MemoryProject) -> MemoryProject:
    """A locked project with newer releases."""
    releases = {"app 1.0": ["lib"], "lib 1.0": [], "lib 2.0": [], "mid 1.0": ["lib<2"]}
    locked_demo.index.offer({**releases, "mid 2.0": [], "win 1.0": []})
    return locked_demo


def require_unchanged(project: MemoryProject, reason: str) -> None:
    """Require that commands that write fail, and write nothing, and that others succeed."""
    before = snapshot(project.root)
    for words, name in WRITING.items():
        done = run(project, *words.split())
        path = re.escape(f"{project.root}/{name}")
        assert done.code == 1
        assert re.fullmatch(rf"{path}(/poetry\.lock)?: {reason}\n", done.errors), done.errors
    for words in READING:
        assert run(project, *words.split()).code == 0, words
    assert snapshot(project.root) == before


def test_a_read_only_project(project: MemoryProject) -> None:
    with mounted(project.root, "--bind", project.root):
        mount(project.root, "-o", "remount,ro,bind")
        require_unchanged(project, "Read-only file system")


def test_a_full_disk(project: MemoryProject) -> None:
    content = snapshot(project.root)
    with mounted(project.root, "-t", "tmpfs", "-o", "size=64k", "tmpfs"):
        for name, data in content.items():
            path = project.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        with suppress(OSError):
            (project.root / "filler").write_bytes(bytes(65536))
        require_unchanged(project, "No space left on device")
