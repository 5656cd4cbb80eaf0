"""The digest of what an image is built from."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

from fast.exporters.canned import package, stage
from poetry_fti.errors import FtiError
from poetry_fti.exporters.docker.context.dockerignore import context_paths, is_excluded
from poetry_fti.model.images.image import Image
from poetry_fti.model.lock import Code
from poetry_fti.model.origins import DirectoryOrigin
from poetry_fti.ports.context import inputs_digest, visible_paths

if TYPE_CHECKING:
    from pathlib import Path

    from poetry_fti.model.lock import LockedStage

LOCKED = replace(
    stage(package("tree", origin=DirectoryOrigin(PurePosixPath("libs/tree")))),
    code=Code(packages=(PurePosixPath("src/credit"),), roots=(PurePosixPath("src"),)),
)
COPIED = PurePosixPath("model.bin")
WITH_MODEL = replace(LOCKED.stage, image=Image(copy=((COPIED, COPIED),)))


def digest(root: Path, locked: LockedStage = LOCKED) -> str:
    keeps_out = partial(is_excluded, locked)
    return inputs_digest(root, context_paths(locked), keeps_out, ["FROM x", "linux/amd64"])


def write(root: Path, path: str, text: str = "") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path in ("src/credit/a.py", "src/credit/b.py", "libs/tree/pyproject.toml"):
        write(tmp_path, path, "text")
    return tmp_path


def test_what_the_build_sees_makes_a_difference(root: Path) -> None:
    seen = {digest(root): "nothing"}
    for path in (
        *("src/credit/a.py", "src/credit/new/x", "libs/tree/x"),
        "fti/training/requirements.txt",
    ):
        write(root, path, "new")
        assert seen.setdefault(digest(root), path) == path


def test_what_the_build_does_not_see_makes_none(root: Path) -> None:
    before = digest(root)
    for path in (
        *("other.py", "src/other/x", "src/credit/.env", "src/credit/__pycache__/x", "model.bin"),
        *("fti/inference/requirements.txt", "fti/training/Dockerfile"),
    ):
        write(root, path, "new")
        assert digest(root) == before, path


def test_what_other_path_dependencies_contain_makes_no_difference(root: Path) -> None:
    locked = replace(LOCKED, code=Code(whole_tree=False))
    before = digest(root, locked)
    for path in ("pipelines/training/x.py", "libs/other/x.py", "poetry.lock", "fti/poetry.lock"):
        write(root, path, "new")
    assert digest(root, locked) == before
    write(root, "libs/tree/x.py", "new")
    assert digest(root, locked) != before


def visible(root: Path, locked: LockedStage) -> list[tuple[str, int]]:
    found = visible_paths(
        root, context_paths(locked), locked.in_context, partial(is_excluded, locked)
    )
    return [(str(each.path), each.size) for each in found]


def test_what_a_build_can_read_is_listed_with_its_size(root: Path) -> None:
    write(root, "src/credit/.env", "secret")
    write(root, "src/other.py", "text")
    write(root, "fti/training/requirements.txt", "a")
    write(root, "fti/training/poetry.lock", "lock")
    assert visible(root, LOCKED) == [
        ("fti/training/requirements.txt", 1),
        ("libs/tree", 4),
        ("src/credit", 8),
    ]
    assert visible(root, replace(LOCKED, code=Code())) == [
        ("fti/training/requirements.txt", 1),
        ("libs", 4),
        ("src", 12),
    ]
    above = replace(LOCKED, code=Code(), packages=(), in_context=PurePosixPath("src"))
    assert visible(root, above) == [("src/credit", 8), ("src/other.py", 4)]


def test_copied_files_are_seen(root: Path) -> None:
    locked = replace(LOCKED, stage=WITH_MODEL)
    before = digest(root, locked)
    write(root, "model.bin", "new")
    assert digest(root, locked) != before


@pytest.mark.slow
def test_records_are_seen_where_they_are_copied(root: Path) -> None:
    source = PurePosixPath("mlruns/1")
    image = Image(copy=((source, source),))
    locked = replace(LOCKED, stage=replace(LOCKED.stage, image=image))
    before, plain = digest(root, locked), digest(root)
    write(root, "mlruns/1/model")
    write(root, "src/credit/mlruns/2/model")
    assert digest(root, locked) != before
    assert digest(root) == plain


@pytest.mark.slow
def test_what_makes_a_base_of_ones_own_is_seen(root: Path) -> None:
    image = Image(dockerfile=PurePosixPath("base.Dockerfile"))
    locked = replace(LOCKED, stage=replace(LOCKED.stage, image=image))
    before = digest(root, locked)
    write(root, "anything")
    assert digest(root, locked) != before


@pytest.mark.slow
def test_a_whole_tree_is_seen_without_the_stages(root: Path) -> None:
    locked = replace(LOCKED, code=Code())
    before = digest(root, locked)
    write(root, "fti/inference/requirements.txt", "new")
    write(root, ".git/HEAD", "new")
    assert digest(root, locked) == before
    write(root, "fti/training/requirements.txt", "new")
    changed = digest(root, locked)
    assert changed != before
    write(root, "other.py", "new")
    assert digest(root, locked) != changed


def test_a_renamed_file_is_another_and_an_older_one_is_not(root: Path) -> None:
    before = digest(root)
    os.utime(root / "src/credit/a.py", (0, 0))
    assert digest(root) == before
    (root / "src/credit/a.py").rename(root / "src/credit/c.py")
    assert digest(root) != before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither")
def test_modes_and_links_make_a_difference(root: Path) -> None:
    before = digest(root)
    (root / "src/credit/a.py").chmod(0o755)
    executable = digest(root)
    assert executable != before
    (root / "src/credit/link").symlink_to("a.py")
    linked = digest(root)
    assert linked != executable
    (root / "src/credit/link").unlink()
    (root / "src/credit/link").symlink_to("nowhere")
    assert digest(root) not in (linked, executable)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_what_links_out_of_the_project_contain_is_not_read(root: Path) -> None:
    project = root / "src"
    (project / "credit/link").symlink_to(root / "libs/tree/pyproject.toml")
    paths, texts = [PurePosixPath("credit")], ["FROM x"]
    before = inputs_digest(project, paths, lambda _: False, texts)
    write(root, "libs/tree/pyproject.toml", "new")
    assert inputs_digest(project, paths, lambda _: False, texts) == before
    (project / "elsewhere").symlink_to(root / "libs")
    with pytest.raises(FtiError) as error:
        inputs_digest(project, [PurePosixPath("elsewhere/tree")], lambda _: False, texts)
    assert str(error.value) == (
        "The symbolic link elsewhere leads out of the project."
        " Replace it with a file or a folder of the project."
    )
