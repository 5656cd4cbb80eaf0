"""Editing a project's stages: groups, new stages, clones, presets, leftovers, one at a time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import pytest

from memory_index import Recorder
from poetry_fti.bridge.lock.locked import SolvedLock
from poetry_fti.errors import ChangedFileError, ConfigError, FtiError
from poetry_fti.operations.edit.groups import (
    chosen_group,
    requiring_group,
    written_groups,
    written_name,
)
from poetry_fti.operations.exclusive import exclusive_access
from poetry_fti.operations.feedback import SILENT
from poetry_fti.operations.leftovers import find_leftovers, remove_leftover
from poetry_fti.operations.new_stages import (
    clone_stage,
    existing_text,
    missing_kinds,
    presets_to_choose_for,
    stages_from,
    with_new_stages,
    without_package_mode,
    write_pyproject,
)
from poetry_fti.operations.presets import find_preset, list_presets, preset_text
from small_index import pyproject

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from memory_index import MemoryProject
    from poetry_fti.operations.feedback import States
    from poetry_fti.operations.stage import ProjectStage

PROJECT: Final = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.11"\n'
SEVERAL: Final = """\
Tracking_Tools = ["mlflow"]
empty = []
[tool.fti.stages.training]
groups = ["training", "tracking-tools"]
dev-groups = ["empty"]
[tool.fti.stages.batch]
kind = "inference"
groups = []
"""


def stage(demo: MemoryProject, name: str = "training") -> ProjectStage:
    (found,) = demo.load().select([name])
    return found


# Groups


@pytest.fixture
def grouped(demo: MemoryProject) -> MemoryProject:
    """A project with a stage of several groups and one of none."""
    groups = {"training": ["app", "lib"]}
    demo.write(pyproject(groups, SEVERAL, dependencies=["shared"]))
    return demo


def test_names_of_groups_are_as_they_are_written(grouped: MemoryProject) -> None:
    data = grouped.load().pyproject
    assert written_groups(data) == {"training", "Tracking_Tools", "empty"}
    group = chosen_group(stage(grouped).stage, "tracking.tools")
    assert (group, written_name(data, group)) == ("tracking-tools", "Tracking_Tools")


def test_the_group_of_the_stages_name_is_edited(grouped: MemoryProject) -> None:
    assert chosen_group(stage(grouped).stage, None) == "training"
    with pytest.raises(ConfigError) as error:
        chosen_group(stage(grouped).stage, "dev")
    assert str(error.value) == (
        'The stage "training" has no group "dev" (groups: empty, tracking-tools, training). Add it'
        " to `groups` in [tool.fti.stages.training], or to `dev-groups` if it is for development"
        " only."
    )
    with pytest.raises(ConfigError) as error:
        chosen_group(stage(grouped, "batch").stage, None)
    assert str(error.value) == (
        'The stage "batch" has no group. Add one to tool.fti.stages.batch.groups.'
    )


def test_packages_are_removed_from_the_group_that_requires_them(grouped: MemoryProject) -> None:
    data = grouped.load().pyproject
    assert requiring_group(stage(grouped), data, ["App", "lib"]) == "training"
    assert requiring_group(stage(grouped), data, ["mlflow"]) == "tracking-tools"


@pytest.mark.parametrize(
    ("packages", "error"),
    [
        (["app", "mlflow"], "The packages are in several groups. Select one with `--group`."),
        (["nowhere"], '"nowhere" is not a dependency of "training".'),
        (["Shared"], "Remove it with `poetry remove Shared`."),
    ],
)
def test_packages_that_no_group_requires(
    grouped: MemoryProject, packages: list[str], error: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        requiring_group(stage(grouped), grouped.load().pyproject, packages)
    assert str(raised.value).endswith(error)


@pytest.mark.slow
def test_a_dependency_of_a_package_is_not_removed(locked_demo: MemoryProject) -> None:
    with pytest.raises(ConfigError) as error:
        requiring_group(stage(locked_demo), locked_demo.load().pyproject, ["lib"])
    assert str(error.value) == (
        '"lib" is not a dependency of "training", but of one of its packages.'
    )


# New stages


@pytest.mark.slow
def test_a_new_stage_from_a_preset(tmp_path: Path) -> None:
    write_pyproject(PROJECT, tmp_path, None)
    text = existing_text(tmp_path)
    assert text == PROJECT
    assert missing_kinds(text) == ["feature", "training", "inference"]
    presets = [
        ("inference", find_preset("inference-minimal")),
        ("torch", find_preset("training-torch")),
    ]
    after = with_new_stages(text, stages_from(presets, ["cpu"]), tmp_path)
    assert "[tool.fti.stages.torch]" in after
    assert "https://download.pytorch.org/whl/cpu" in after
    assert missing_kinds(after) == ["feature", "training"]


def test_an_accelerator_that_no_preset_has() -> None:
    torch, minimal = find_preset("training-torch"), find_preset("inference-minimal")
    with pytest.raises(ConfigError) as error:
        stages_from([("inference", minimal)], ["cpu"])
    assert str(error.value) == "None of the presets supports accelerators. Omit the option."
    with pytest.raises(ConfigError):
        stages_from([("training", torch)], ["tpu"])


def test_each_stage_can_have_its_own_accelerator() -> None:
    torch, minimal = find_preset("training-torch"), find_preset("inference-minimal")
    presets = [("gpu", torch), ("other", torch), ("inference", minimal)]
    gpu, other, inference = stages_from(presets, ["gpu=cu128", "cpu"])
    assert [source.name for source in gpu.packages.sources] == ["pytorch-cu128"]
    assert [source.name for source in other.packages.sources] == ["pytorch-cpu"]
    assert inference.packages == minimal.packages
    assert stages_from(presets, ["gpu=cuda"])[1].packages == torch.chosen(None)
    assert presets_to_choose_for(presets, []) == [torch, torch]
    assert presets_to_choose_for(presets, ["gpu=cpu"]) == [torch]
    assert presets_to_choose_for(presets, ["cpu"]) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["trainig=cpu"],
            (
                '--accelerator trainig=cpu: no new stage is named "trainig"; did you mean'
                ' "training"? (new stages: training, inference).'
            ),
        ),
        (
            ["training=cu12"],
            (
                'The preset training-torch has no accelerator "cu12"; did you mean "cu128"?'
                " (known: cuda, cpu, cu126, cu128, cu130)."
            ),
        ),
        (
            ["inference=cpu"],
            (
                'The preset inference-minimal of the stage "inference" supports no accelerators.'
                " Omit `--accelerator inference=…`."
            ),
        ),
        (
            ["training=cpu", "training=cuda"],
            (
                'Two accelerators are given for the stage "training": cpu and cuda.'
                " Omit one of them."
            ),
        ),
        (
            ["cpu", "cuda"],
            (
                "Two accelerators are given for all stages: cpu and cuda."
                " Pass `--accelerator STAGE=ACCELERATOR` for single stages."
            ),
        ),
        (
            ["training="],
            (
                '"training=" is not an accelerator. Pass `--accelerator ACCELERATOR`'
                " or `--accelerator STAGE=ACCELERATOR`."
            ),
        ),
    ],
)
def test_an_accelerator_that_no_stage_can_have(words: list[str], message: str) -> None:
    presets = [
        ("training", find_preset("training-torch")),
        ("inference", find_preset("inference-minimal")),
    ]
    with pytest.raises(ConfigError) as error:
        stages_from(presets, words)
    assert str(error.value) == message


def test_a_folder_without_a_project_of_its_own(tmp_path: Path) -> None:
    assert existing_text(tmp_path) is None
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\n", encoding="utf-8")
    assert existing_text(tmp_path) is None
    write_pyproject(PROJECT, tmp_path, "[tool.ruff]\n")
    (tmp_path / "below").mkdir()
    with pytest.raises(FtiError) as error:
        existing_text(tmp_path / "below")
    assert "`poetry init` first to create a project here." in str(error.value)


def test_a_new_project_is_no_package_unless_it_says_so() -> None:
    assert "package-mode = false" in without_package_mode(PROJECT)
    own = f"{PROJECT}[tool.poetry]\npackages = []\n"
    assert without_package_mode(own) == own


@pytest.mark.slow
def test_presets_come_from_the_package_or_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "inference-minimal" in [preset.name for preset in list_presets()]
    text = preset_text("inference-minimal")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert find_preset("mine.toml").kind == "inference"
    for wrong in ("other.toml", "inference-minimum"):
        with pytest.raises(ConfigError):
            find_preset(wrong)
    with pytest.raises(ConfigError):
        preset_text("inference-minimum")


# Clones


@pytest.mark.slow
def test_a_clone_has_the_lock_of_the_old_stage(locked_demo: MemoryProject) -> None:
    project = locked_demo.load()
    clone_stage(project, project.select(["training"])[0], "second")
    assert locked_demo.load().status(stage(locked_demo, "second")).state == "stale"
    locked_demo.index.offer({"mid 1.0": ["lib<2"], "mid 2.0": [], "lib 1.0": []})
    locked_demo.lock("second")
    assert locked_demo.locked["second"] == "lib 1.0, mid 1.0"


@pytest.mark.slow
def test_a_clone_of_a_stage_that_is_not_locked(locked_demo: MemoryProject) -> None:
    (locked_demo.root / "fti/training/poetry.lock").unlink()
    project = locked_demo.load()
    clone_stage(project, project.select(["training"])[0], "second")
    assert not (locked_demo.root / "fti/second").exists()


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("Training", 'There is already a stage "Training". Choose another name for the new one.'),
        (
            "left",
            (
                "fti/left/poetry.lock was left by a former stage."
                " Remove it with `poetry fti clean`, or give the new stage another name."
            ),
        ),
    ],
)
def test_a_name_that_is_taken(locked_demo: MemoryProject, name: str, error: str) -> None:
    (locked_demo.root / "fti/left").mkdir()
    (locked_demo.root / "fti/left/poetry.lock").touch()
    before = (locked_demo.root / "pyproject.toml").read_bytes()
    project = locked_demo.load()
    with pytest.raises(FtiError) as raised:
        clone_stage(project, project.select(["training"])[0], name)
    assert str(raised.value) == error
    assert (locked_demo.root / "pyproject.toml").read_bytes() == before


# Files that another program changes


CHANGED: Final = (
    "{} was changed by another program while this command ran, and has not been overwritten."
    " Rerun the command."
)


def test_a_clone_keeps_what_was_edited_since_the_project_was_read(
    locked_demo: MemoryProject,
) -> None:
    project = locked_demo.load()
    edited = f"{project.text}# edited\n"
    locked_demo.write(edited)
    with pytest.raises(ChangedFileError) as error:
        clone_stage(project, project.select(["training"])[0], "second")
    assert str(error.value) == CHANGED.format("pyproject.toml")
    assert (locked_demo.root / "pyproject.toml").read_text(encoding="utf-8") == edited
    assert not (locked_demo.root / "fti/second").exists()


class _Meddler(Recorder):
    """Writes a file as soon as locking has started."""

    def __init__(self, path: Path, text: str) -> None:
        super().__init__()
        self._path, self._text = path, text

    def progress(self, message: str, states: States, /) -> AbstractContextManager[None]:
        self._path.write_text(self._text, encoding="utf-8")
        return super().progress(message, states)


@pytest.mark.slow
@pytest.mark.parametrize("regenerate", [False, True])
def test_a_lock_that_was_changed_while_its_stage_was_solved(
    locked_demo: MemoryProject, *, regenerate: bool
) -> None:
    locked_demo.index.offer({"app 2.0": [], "lib 1.0": [], "mid 2.0": []})
    groups = {"feature": ["app>1"], "training": ["mid>1"]}
    locked_demo.write(pyproject(groups))
    lock = locked_demo.root / "fti/training/poetry.lock"
    results = locked_demo.lock(regenerate=regenerate, feedback=_Meddler(lock, "theirs\n"))
    assert str(results["training"].error) == CHANGED.format("fti/training/poetry.lock")
    assert lock.read_text(encoding="utf-8") == "theirs\n"
    assert results["feature"].error is None
    assert locked_demo.load().is_fresh(stage(locked_demo, "feature"))


def test_a_written_lock_is_restored_unless_it_was_changed_since(locked_demo: MemoryProject) -> None:
    lock = locked_demo.root / "fti/training/poetry.lock"
    old = lock.read_text(encoding="utf-8")
    for text, expected in ((old + "new = 1\n", old), ("theirs\n", "theirs\n")):
        (written,) = locked_demo.load().select(["training"])
        written.write(SolvedLock(old + "new = 1\n", ()))
        lock.write_text(text, encoding="utf-8")
        written.undo()
        assert lock.read_text(encoding="utf-8") == expected
    lock.unlink()
    (written,) = locked_demo.load().select(["training"])
    written.undo()
    written.write(SolvedLock(old, ()))
    written.undo()
    assert not lock.exists()


# Leftovers


def test_leftovers_of_former_stages_are_removed(locked_demo: MemoryProject) -> None:
    folder = locked_demo.root / "fti"
    assert find_leftovers(locked_demo.load()) == []
    (folder / "training").rename(folder / "former")
    (folder / "feature").rename(folder / "theirs")
    (folder / "theirs/pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (folder / "former/notes.md").write_text("mine\n", encoding="utf-8")
    (folder / "former/sub").mkdir()
    (leftover,) = find_leftovers(locked_demo.load())
    assert leftover.name == "fti/former"
    assert [path.name for path in leftover.written] == ["poetry.lock"]
    assert [path.name for path in leftover.others] == ["notes.md", "sub"]
    remove_leftover(leftover)
    assert sorted(path.name for path in (folder / "former").iterdir()) == ["notes.md", "sub"]
    assert find_leftovers(locked_demo.load()) == []


def test_an_empty_folder_is_removed(locked_demo: MemoryProject) -> None:
    folder = locked_demo.root / "fti"
    (folder / "training").rename(folder / "former")
    (leftover,) = find_leftovers(locked_demo.load())
    remove_leftover(leftover)
    assert not (folder / "former").exists()


def test_a_project_that_was_never_locked_has_no_leftovers(demo: MemoryProject) -> None:
    demo.write(pyproject({"training": []}))
    assert find_leftovers(demo.load()) == []


# One command at a time


def test_the_second_command_waits_and_reports_it(demo: MemoryProject) -> None:
    demo.write(pyproject({"training": []}))
    (demo.root / "below").mkdir()
    feedback, done = Recorder(), []

    def second() -> None:
        with exclusive_access(demo.root / "below", feedback):
            done.append("second")

    with exclusive_access(demo.root, SILENT):
        thread = threading.Thread(target=second)
        thread.start()
        while not feedback.notices:
            thread.join(0.01)
        assert done == []
    thread.join()
    assert done == ["second"]
    assert feedback.notices == ["Waiting for another poetry fti command in this project to finish."]


def test_a_folder_without_a_project_is_exclusive_too(demo: MemoryProject) -> None:
    with exclusive_access(demo.root, SILENT), exclusive_access(demo.root.parent, SILENT):
        pass
