"""Exported files that are not in the stages' folders, where their tools look for them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from memory_commands import Ended, run
from poetry_fti.errors import FtiError
from poetry_fti.operations.edit.existing_stages import remove_stage, rename_stage, text_without
from poetry_fti.operations.export import (
    ExportRequest,
    differences,
    render,
    render_stage,
    write,
)
from poetry_fti.operations.exports.outdated import outdated_exports

if TYPE_CHECKING:
    from pathlib import Path

    from memory_index import MemoryProject
    from poetry_fti.operations.export import Rendered
    from poetry_fti.operations.project import Project


def rendered(project: Project, *formats: str, stage: str = "training") -> Rendered:
    request = ExportRequest(
        stages=project.select([stage] if stage else []), formats=formats, follow=not formats
    )
    return render(project, request)


@pytest.fixture
def path(locked_demo: MemoryProject) -> Path:
    """The configuration of a dev container that has been exported."""
    project = locked_demo.load()
    write(project, rendered(project, "devcontainer"))
    return project.root / ".devcontainer" / "training" / "devcontainer.json"


@pytest.mark.slow
def test_a_later_export_updates_the_file(locked_demo: MemoryProject, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("/app", "/srv"), encoding="utf-8")
    project = locked_demo.load()
    assert [str(each) for each in outdated_exports(project, ["training"])] == [
        ".devcontainer/training/devcontainer.json"
    ]
    found = rendered(project)
    (difference,) = differences(project, found)
    assert str(difference.path) == ".devcontainer/training/devcontainer.json"
    write(project, found)
    assert path.read_text(encoding="utf-8") == text


def test_the_text_can_be_had_by_the_name_of_the_file(locked_demo: MemoryProject) -> None:
    project = locked_demo.load()
    (stage,) = project.select(["training"])
    assert list(render_stage(project, stage, "devcontainer")) == ["devcontainer.json"]


@pytest.mark.slow
def test_a_file_of_someone_else_is_not_overwritten(locked_demo: MemoryProject, path: Path) -> None:
    path.write_text("{}\n", encoding="utf-8")
    project = locked_demo.load()
    with pytest.raises(FtiError) as error:
        write(project, rendered(project, "devcontainer"))
    assert str(error.value) == (
        ".devcontainer/training/devcontainer.json was not written by poetry-fti, and is not"
        " overwritten. Move it, and export again."
    )
    assert path.read_text(encoding="utf-8") == "{}\n"


def test_files_that_no_export_updates_are_named(locked_demo: MemoryProject, path: Path) -> None:
    former = path.parents[1] / "former" / path.name
    own = path.parents[1] / "own" / path.name
    for other in (former, own):
        other.parent.mkdir()
    former.write_bytes(path.read_bytes())
    own.write_text("{}\n", encoding="utf-8")
    path.with_name("older.json").write_bytes(path.read_bytes())
    found = rendered(locked_demo.load(), stage="").unused
    assert {str(each): why for each, why in found.items()} == {
        ".devcontainer/former/devcontainer.json": "there is no stage former",
        ".devcontainer/training/older.json": "no longer written for the stage training",
    }


@pytest.mark.slow
def test_the_file_goes_with_the_name_of_its_stage(locked_demo: MemoryProject, path: Path) -> None:
    project = locked_demo.load()
    (stage,) = project.select(["training"])
    change = rename_stage(project, stage, "fitting")
    assert change.outside == (".devcontainer/training/devcontainer.json",)
    assert not path.parent.exists()


def test_the_file_goes_with_its_stage(locked_demo: MemoryProject, path: Path) -> None:
    path.with_name("mine.txt").touch()
    project = locked_demo.load()
    (stage,) = project.select(["training"])
    change = remove_stage(project, stage, text_without(project, stage))
    assert change.outside == (".devcontainer/training/devcontainer.json",)
    assert [each.name for each in path.parent.iterdir()] == ["mine.txt"]


@pytest.mark.slow
def test_the_file_of_a_former_stage_is_cleaned(locked_demo: MemoryProject, path: Path) -> None:
    former, mixed = (path.parents[1] / name / path.name for name in ("former", "mixed"))
    for other in (former, mixed, path.parents[1] / "own" / path.name):
        other.parent.mkdir()
        other.write_bytes(path.read_bytes() if other.parent.name != "own" else b"{}")
    mixed.with_name("mine.txt").touch()
    folder = locked_demo.root / "fti" / "former"
    folder.mkdir()
    (folder / "poetry.lock").touch()
    data = json.loads(run(locked_demo, "list", "--format", "json").output)
    assert data["leftovers"] == ["fti/former", ".devcontainer/former", ".devcontainer/mixed"]
    assert run(locked_demo, "clean", "--yes") == Ended(
        0,
        """\
fti/former: poetry.lock
  removed
.devcontainer/former: devcontainer.json
  removed
.devcontainer/mixed: devcontainer.json
  kept files that poetry-fti did not write: mine.txt
""",
    )
    assert not former.parent.exists()
    assert [each.name for each in mixed.parent.iterdir()] == ["mine.txt"]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_linked_folder_of_dev_containers_is_left_alone(
    locked_demo: MemoryProject, path: Path
) -> None:
    folder = path.parents[1].rename(locked_demo.root.parent / "elsewhere")
    path.parents[1].symlink_to(folder)
    (folder / "training").rename(folder / "former")
    assert json.loads(run(locked_demo, "list", "--format", "json").output)["leftovers"] == []


@pytest.mark.slow
def test_the_command_names_the_folder_of_each_file(locked_demo: MemoryProject, path: Path) -> None:
    assert path.is_file()
    run(locked_demo, "export", "training", "--format", "requirements")
    assert run(locked_demo, "rename", "training", "fitting").output.splitlines()[:3] == [
        "Renamed the stage training to fitting.",
        "Removed requirements.txt in fti/training.",
        "Removed .devcontainer/training/devcontainer.json.",
    ]
