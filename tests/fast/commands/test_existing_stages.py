"""`rename` and `remove-stage`: pyproject.toml, locks, exported files and environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from memory_commands import Ended, run
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

pytestmark = pytest.mark.slow


def test_a_stage_is_renamed_with_its_lock(locked_demo: MemoryProject) -> None:
    folder = locked_demo.root / "fti/training"
    lock = (folder / "poetry.lock").read_text(encoding="utf-8")
    run(locked_demo, "export", "training", "--format", "requirements")
    (folder / "notes.md").touch()
    assert run(locked_demo, "rename", "training", "second") == Ended(
        0,
        "Renamed the stage training to second.\n"
        "Removed requirements.txt in fti/training.\nKept notes.md in fti/training.\n"
        "Lock it with poetry fti lock second.\nExport it again with poetry fti export second.\n",
    )
    assert (locked_demo.root / "fti/second/poetry.lock").read_text(encoding="utf-8") == lock
    assert [path.name for path in folder.iterdir()] == ["notes.md"]
    assert locked_demo.lock("second")["second"].changes == ()
    assert [stage.name for stage in locked_demo.load().stages] == ["feature", "second", "inference"]
    assert run(locked_demo, "rename", "second", "feature").errors == (
        'There is already a stage "feature". Choose another name for the new one.\n'
    )


def test_a_stage_is_removed_after_a_confirmation(locked_demo: MemoryProject) -> None:
    path = locked_demo.root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    kept = run(locked_demo, "remove-stage", "training")
    assert (kept.code, kept.errors) == (
        1,
        "No file was changed. To remove the stage, pass `--yes`.\n",
    )
    assert "-training = ['mid']\n" in kept.output
    assert run(locked_demo, "remove-stage", "training", answers="no\n").code == 1
    assert path.read_text(encoding="utf-8") == text
    assert run(locked_demo, "remove-stage", "training", "--yes") == Ended(
        0, "Removed the stage training.\n"
    )
    assert not (locked_demo.root / "fti/training").exists()
    assert run(locked_demo, "lock", "--check").output == "2 locks checked: all fresh.\n"


def test_the_only_stage_is_not_removed(demo: MemoryProject) -> None:
    demo.write(pyproject({"training": []}))
    assert run(demo, "remove-stage", "training", "--yes") == Ended(
        2, "", "training is the only stage, and a project needs one.\n"
    )


def test_a_group_that_others_include_remains_a_stage(demo: MemoryProject) -> None:
    text = pyproject({"training": [], "feature": []})
    demo.write(f'{text}inference = [{{ include-group = "training" }}]\n'.replace("\n\n", "\n"))
    assert run(demo, "remove-stage", "training", "--yes").errors == (
        'The group "training" alone makes it a stage, and other groups or stages include it.'
        " Rename the group, or remove it where it is included.\n"
    )
