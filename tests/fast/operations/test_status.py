"""The state of locks: what is wrong with one, and which command repairs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from memory_commands import Ended, run
from poetry_fti.errors import ConfigError, FtiError, ProblemsError, StaleLockError
from poetry_fti.operations.listing import list_stages
from poetry_fti.operations.project import load_project
from small_index import pyproject

if TYPE_CHECKING:
    from pathlib import Path

    from memory_index import MemoryProject

MERGED: Final = """\
<<<<<<< ours
[[package]]
name = "lib"
version = "1.0"
=======
[[package]]
name = "lib"
version = "2.0"
>>>>>>> theirs
"""


def lock(demo: MemoryProject, stage: str = "training") -> Path:
    return demo.root / "fti" / stage / "poetry.lock"


def problem(demo: MemoryProject, stage: str = "training") -> str:
    project = demo.load()
    (found,) = project.select([stage])
    return project.problem(found)


def test_stages_are_listed_with_the_state_of_their_locks(locked_demo: MemoryProject) -> None:
    lock(locked_demo).unlink()
    lock(locked_demo, "feature").write_text("cut off [", encoding="utf-8")
    listed = {each.stage.name: each for each in list_stages(locked_demo.load())}
    assert {name: (each.lock, each.packages) for name, each in listed.items()} == {
        "feature": ("broken", None),
        "training": ("missing", None),
        "inference": ("fresh", 4),
    }
    assert listed["feature"].reason
    assert (listed["inference"].python, listed["feature"].python) == (">=3.12", ">=3.11")


def test_what_cannot_be_installed_is_listed_with_the_reason(locked_demo: MemoryProject) -> None:
    path = lock(locked_demo)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("-py3-none-any.whl", "-cp39-cp39-win32.whl"), encoding="utf-8")
    (training,) = (
        each for each in list_stages(locked_demo.load()) if each.stage.name == "training"
    )
    assert (training.lock, training.packages) == ("fresh", None)
    assert "lib" in training.reason


def test_a_missing_lock(locked_demo: MemoryProject) -> None:
    lock(locked_demo).unlink()
    message = "fti/training/poetry.lock is missing. Run `poetry fti lock training`."
    assert problem(locked_demo) == message
    project = locked_demo.load()
    with pytest.raises(StaleLockError) as error:
        project.locked(project.select(["training"])[0])
    assert str(error.value) == message


def test_all_locks_that_are_not_fresh_are_named(locked_demo: MemoryProject) -> None:
    lock(locked_demo).unlink()
    lock(locked_demo, "inference").unlink()
    messages = (
        "fti/training/poetry.lock is missing. Run `poetry fti lock training`.\n"
        "fti/inference/poetry.lock is missing. Run `poetry fti lock inference`.\n"
    )
    assert run(locked_demo, "export", "--check") == Ended(3, "", messages)
    for command in ("export", "image", "install"):
        assert run(locked_demo, command) == Ended(1, "", messages)
    lock(locked_demo, "inference").write_text("cut off [", encoding="utf-8")
    assert run(locked_demo, "export", "--check").code == 1


@pytest.mark.slow
def test_a_broken_lock_is_replaced_only_if_it_is_regenerated(locked_demo: MemoryProject) -> None:
    path = lock(locked_demo)
    path.write_text(path.read_text(encoding="utf-8")[:-40], encoding="utf-8")
    message = problem(locked_demo)
    assert message.startswith("fti/training/poetry.lock cannot be read: ")
    assert message.endswith(
        "or lock the stage from scratch with `poetry fti lock training --regenerate`."
    )
    project = locked_demo.load()
    with pytest.raises(FtiError, match="cannot be read"):
        project.locked(project.select(["training"])[0])
    results = locked_demo.lock("training")
    assert str(results["training"].error) == message
    results = locked_demo.lock("training", regenerate=True)
    assert results["training"].error is None
    assert locked_demo.locked["training"] == "lib 1.0, mid 1.0"


@pytest.mark.slow
def test_a_lock_with_merge_markers_is_rebuilt_from_both_sides(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [], "lib 2.0": [], "lib 3.0": [], "mid 1.0": [], "mid 2.0": []})
    demo.write(pyproject({"training": ["lib<3", "mid<2"]}))
    demo.lock()
    demo.write(pyproject({"training": ["lib", "mid"]}))
    text = lock(demo).read_text(encoding="utf-8")
    first = text.index("[[package]]")
    second = text.index("[[package]]", first + 1)
    lock(demo).write_text(f"{text[:first]}{MERGED}{text[second:]}", encoding="utf-8")
    assert problem(demo) == (
        "fti/training/poetry.lock contains merge markers. Rebuild it from both sides with"
        " `poetry fti lock training`."
    )
    result = demo.lock()["training"]
    assert (result.is_first, result.changes[0].before) == (True, ())
    assert demo.locked == {"training": "lib 2.0, mid 1.0"}


def test_a_lock_from_another_version_of_poetry_is_not_touched(locked_demo: MemoryProject) -> None:
    path = lock(locked_demo)
    first, rest = path.read_text(encoding="utf-8").split("\n", 1)
    path.write_text(f"# {first}\n{rest}", encoding="utf-8")
    before = path.read_bytes()
    assert locked_demo.lock("training", regenerate=True)["training"].changes == ()
    assert path.read_bytes() == before


def test_a_newer_format_is_broken(locked_demo: MemoryProject) -> None:
    path = lock(locked_demo)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('lock-version = "2.1"', 'lock-version = "9.0"'), encoding="utf-8")
    assert problem(locked_demo).startswith("fti/training/poetry.lock cannot be read: ")


def test_an_unknown_stage(locked_demo: MemoryProject) -> None:
    with pytest.raises(ConfigError) as error:
        locked_demo.load().select(["trainig"])
    assert str(error.value) == (
        'There is no stage "trainig"; did you mean "training"?'
        " (stages: feature, training, inference)"
    )


def test_all_problems_of_a_pyproject_are_reported_at_once(demo: MemoryProject) -> None:
    demo.write(pyproject({"training": []}, '[tool.fti]\nexport = []\ndirectory = "../x"\n'))
    with pytest.raises(ProblemsError) as error:
        demo.load()
    assert str(error.value).splitlines()[0] == "pyproject.toml has 2 problems:"


def test_what_poetry_refuses_is_an_error_of_the_configuration(demo: MemoryProject) -> None:
    demo.write('[project]\nname = "demo"\n[dependency-groups]\ntraining = []\n')
    with pytest.raises(ConfigError) as error:
        demo.load()
    assert "[project.version]" in str(error.value)


def test_a_project_that_poetry_has_accepted(locked_demo: MemoryProject) -> None:
    project = load_project(locked_demo.root, locked_demo.index.create_poetry, check=False)
    assert all(map(project.is_fresh, project.stages))
    project.require_accepted()


def test_a_folder_without_a_project(tmp_path: Path) -> None:
    with pytest.raises(FtiError, match=r"pyproject\.toml"):
        load_project(tmp_path)


def test_a_lock_that_is_a_folder(locked_demo: MemoryProject) -> None:
    lock(locked_demo).unlink()
    lock(locked_demo).mkdir()
    assert problem(locked_demo).startswith("fti/training/poetry.lock cannot be read: ")


def test_a_lock_is_read_again_when_something_else_has_written_it(
    locked_demo: MemoryProject,
) -> None:
    (training,) = locked_demo.load().select(["training"])
    assert set(training.versions) == {"lib", "mid"}
    lock(locked_demo).unlink()
    training.reread()
    assert training.versions == {}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[project\n", "pyproject.toml is not valid TOML: "),
        ("<<<<<<< a\n=======\n>>>>>>> b\n", "pyproject.toml contains merge markers: "),
        (
            "\ufeff[project]\n",
            (
                "pyproject.toml begins with a byte order mark (BOM), which Poetry cannot read:"
                " save it as UTF-8 without a BOM."
            ),
        ),
    ],
)
def test_a_pyproject_that_is_not_toml(demo: MemoryProject, text: str, error: str) -> None:
    demo.write(text)
    with pytest.raises(ConfigError) as raised:
        demo.load()
    assert str(raised.value).startswith(error)
