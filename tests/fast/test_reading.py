"""Files of a stranger's project: no links out of it, no devices, nothing huge."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

import pytest

from harness import snapshot
from memory_commands import run
from poetry_fti import files
from poetry_fti.commands.poetry.new_project import new_text
from poetry_fti.errors import FtiError
from poetry_fti.operations.export import ExportRequest, differences, render, write
from poetry_fti.operations.leftovers import find_leftovers
from poetry_fti.reading import LARGEST, LARGEST_TEMPLATE, read_bytes, require_inside
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from memory_index import MemoryProject
    from poetry_fti.operations.export import Rendered
    from poetry_fti.operations.project import Project

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")

LEAVING: Final = (
    "The symbolic link {} leads out of the project."
    " Replace it with a file or a folder of the project."
)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of the user's own, with a secret."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "id").write_text("secret\n", encoding="utf-8")
    return folder


def link(path: Path, target: Path | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


# Reading


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("folder", "Is a directory"),
        ("pipe", "Not a regular file"),
        ("/dev/zero", "Not a regular file"),
        ("huge", "Larger than 64 MiB"),
        ("loop", "Too many levels of symbolic links"),
    ],
)
def test_what_is_no_file_of_a_sane_size_is_not_read(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    link(tmp_path / "loop", "loop")
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", LARGEST + 1)
    with pytest.raises(OSError, match=reason) as error:
        files.read(tmp_path / name)
    assert (error.value.strerror, str(error.value.filename)) == (reason, str(tmp_path / name))


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert read_bytes(tmp_path / "file", 5) == b"12345"
    with pytest.raises(OSError, match="Larger than"):
        read_bytes(tmp_path / "file", 4)


def test_links_that_stay_inside_are_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "real" / "a").mkdir(parents=True)
    link(root / "fti", "real")
    link(root / "file", root / "real" / "a" / "file")
    link(tmp_path / "entrance", root)
    for folder in (root, tmp_path / "entrance"):
        files.replace({folder / "fti/a/file": "x\n", folder / "file": "x\n"}, folder)
        assert files.read(folder / "file", folder) == "x\n"
    assert (root / "file").is_symlink()
    assert files.replace({root / "file": "y\n"}, root) == (root / "file",)
    assert (root / "file").is_symlink()
    assert snapshot(root)["real/a/file"] == b"y\n"


@pytest.mark.slow_after(3)
@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("fti", "../outside"),
        ("fti/a", "../../outside"),
        ("fti/a/file", "../../../outside/id"),
        ("fti/a/file", "../../../outside/new"),
        ("fti/a/file", "../../hop/id"),
    ],
)
def test_a_link_that_leaves_is_named_and_not_followed(
    tmp_path: Path, outside: Path, name: str, target: str
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    link(root / "hop", "../outside")
    link(root / name, target)
    before = snapshot(outside)
    for act in (
        lambda: files.replace({root / "new": "x\n", root / "fti/a/file": "x\n"}, root),
        lambda: files.read(root / "fti/a/file", root),
    ):
        with pytest.raises(FtiError) as error:
            act()
        assert str(error.value) == LEAVING.format(name)
    assert snapshot(outside) == before
    assert not (root / "new").exists()


def test_a_folder_with_a_similar_name_is_outside(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (tmp_path / "root-2").mkdir()
    link(root / "fti", "../root-2")
    with pytest.raises(FtiError):
        require_inside(root / "fti" / "a", root)
    require_inside(root / "other" / "a", root)


# Commands


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("name", ["fti", "fti/training", "fti/training/poetry.lock"])
def test_a_project_whose_locks_are_elsewhere_is_refused(
    locked_demo: MemoryProject, outside: Path, name: str
) -> None:
    path = locked_demo.root / name
    moved = path.rename(outside / "moved")
    link(path, moved)
    with pytest.raises(FtiError) as error:
        locked_demo.load()
    assert str(error.value) == LEAVING.format(name)


def exported(project: Project) -> Rendered:
    formats = ("requirements", "pylock", "dockerfile")
    return render(project, ExportRequest(stages=project.select(["feature"]), formats=formats))


@pytest.mark.parametrize(
    "name", ["requirements.txt", pytest.param("pylock.feature.toml", marks=pytest.mark.slow)]
)
def test_an_exported_file_is_neither_written_nor_read_elsewhere(
    locked_demo: MemoryProject, outside: Path, name: str
) -> None:
    link(locked_demo.root / "fti/feature" / name, outside / "id")
    project, before = locked_demo.load(), snapshot(outside)
    for use in (differences, write):
        with pytest.raises(FtiError) as error:
            use(project, exported(project))
        assert str(error.value) == LEAVING.format(f"fti/feature/{name}")
    assert snapshot(outside) == before


def test_a_link_is_no_file_of_an_earlier_export(locked_demo: MemoryProject, outside: Path) -> None:
    for name in ("requirements.shared-1.txt", "constraints.txt"):
        link(locked_demo.root / "fti/feature" / name, outside / "id")
    (outside / "id").write_text("# Generated by poetry-fti from x; do not edit.", encoding="utf-8")
    project = locked_demo.load()
    stages = project.select(["feature"])
    found = render(project, ExportRequest(stages=stages, formats=("requirements",), follow=True))
    assert not {*found.obsolete, *found.unused}
    assert [path.name for path in found.texts] == ["requirements.txt"]


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("../outside/id", LEAVING.format("Dockerfile.template")),
        pytest.param(
            "huge", "{root}/Dockerfile.template: Larger than 1 MiB", marks=pytest.mark.slow
        ),
    ],
)
def test_a_template_is_a_small_file_of_the_project(
    demo: MemoryProject, outside: Path, target: str, error: str
) -> None:
    demo.index.offer({"app 1.0": []})
    demo.write(
        pyproject(
            {"feature": ["app"]},
            '[tool.fti.stages.feature.image]\ntemplate = "Dockerfile.template"\n',
        )
    )
    demo.lock()
    (demo.root / "huge").write_bytes(b"#" * (LARGEST_TEMPLATE + 1))
    link(demo.root / "Dockerfile.template", target)
    assert (outside / "id").exists()
    done = run(demo, "export", "--format", "dockerfile")
    assert (done.code, done.errors) == (1, error.format(root=demo.root) + "\n")


def make_huge(path: Path) -> None:
    path.touch()
    os.truncate(path, LARGEST + 1)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(os.mkfifo, "not a regular file", id="pipe", marks=pytest.mark.slow),
        pytest.param(make_huge, "larger than 64 MiB", id="huge"),
    ],
)
def test_a_lock_that_cannot_be_read_is_broken(
    locked_demo: MemoryProject, make: Callable[[Path], object], reason: str
) -> None:
    lock = locked_demo.root / "fti/training/poetry.lock"
    lock.unlink()
    make(lock)
    done = run(locked_demo, "lock", "--check")
    assert done.code == 3
    assert done.errors == (
        f"fti/training/poetry.lock cannot be read: {reason}. Restore it, or lock the stage from"
        " scratch with `poetry fti lock training --regenerate`.\n"
    )
    assert run(locked_demo, "list").code == 0


@pytest.mark.slow
def test_a_pyproject_elsewhere_is_not_edited(locked_demo: MemoryProject, outside: Path) -> None:
    path = locked_demo.root / "pyproject.toml"
    link(path, path.rename(outside / "pyproject.toml"))
    before, locks = snapshot(outside), snapshot(locked_demo.root)
    for words in ("add training app --lock", "remove training mid --lock", "clone training new"):
        done = run(locked_demo, *words.split())
        assert (done.code, done.errors) == (1, LEAVING.format("pyproject.toml") + "\n")
    assert (snapshot(outside), snapshot(locked_demo.root)) == (before, locks)


def test_the_projects_own_lock_elsewhere_is_not_read(
    locked_demo: MemoryProject, outside: Path
) -> None:
    link(locked_demo.root / "poetry.lock", outside / "id")
    (locked_demo.root / "fti/training/poetry.lock").unlink()
    done = run(locked_demo, "lock")
    assert done.code == 1
    assert done.errors == (f"training: {LEAVING.format('poetry.lock')}\n1 of 3 stages failed.\n")


def test_links_and_huge_files_are_no_leftovers(locked_demo: MemoryProject, outside: Path) -> None:
    former = locked_demo.root / "fti/former"
    link(former / "requirements.txt", outside / "id")
    (former / "model").touch()
    os.truncate(former / "model", LARGEST + 1)
    (former / "poetry.lock").touch()
    (leftover,) = find_leftovers(locked_demo.load())
    assert [path.name for path in leftover.written] == ["poetry.lock"]


def test_a_new_project_reads_no_device(tmp_path: Path) -> None:
    link(tmp_path / "README.md", "/dev/zero")
    seen: list[str] = []

    def generate(folder: Path) -> int:
        seen.extend(path.name for path in folder.iterdir())
        (folder / "pyproject.toml").write_text('[project]\nname = "a"\n', encoding="utf-8")
        return 0

    assert new_text(tmp_path, generate)
    assert seen == ["README.md"]
