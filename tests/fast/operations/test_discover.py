"""Which of the files in a folder are proposed as stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.operations.importing.discover import discover

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def found(folder: Path, texts: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the file of each proposed stage, and the reason for each file that is left."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    discovery = discover(folder)
    return (
        {each.stage: str(each.candidate) for each in discovery.proposals},
        {str(each.candidate): each.reason for each in discovery.rest},
    )


def test_a_file_that_only_one_for_development_includes(tmp_path: Path) -> None:
    texts = {
        "train/requirements.txt": "lib\n",
        "train/requirements-dev.txt": "-r requirements.txt\n-c requirements-limits.txt\npytest\n",
        "train/requirements-limits.txt": "lib<2\n",
    }
    assert found(tmp_path, texts) == (
        {"training": "train/requirements.txt"},
        {"train/requirements-dev.txt": "for development"},
    )


def test_a_file_that_another_one_includes(tmp_path: Path) -> None:
    texts = {
        "requirements/train.txt": "-r base.txt\nlib\n",
        "requirements/base.txt": "app\n",
        "requirements/dev.txt": "-r base.txt\n",
    }
    assert found(tmp_path, texts) == (
        {"training": "requirements/train.txt"},
        {"requirements/dev.txt": "for development"},
    )


PROJECT: Final = """\
[project]
name = "demo"
[project.optional-dependencies]
trainer = ["torch"]
[dependency-groups]
serving = ["fastapi"]
serving-gpu = ["fastapi"]
"My.ETL" = ["pyspark"]
"""


def test_groups_of_the_project_are_stages_in_place(tmp_path: Path) -> None:
    assert found(tmp_path, {"pyproject.toml": PROJECT, "uv.lock": ""})[0] == {
        "my-etl": "uv.lock:My.ETL",
        "serving": "uv.lock:serving",
        "serving-gpu": "uv.lock:serving-gpu",
        "training": "uv.lock:trainer",
    }


def test_groups_of_another_project_are_copied(tmp_path: Path) -> None:
    texts = {"old/pyproject.toml": PROJECT, "old/uv.lock": ""}
    assert list(found(tmp_path, texts)[0]) == ["feature", "inference", "training"]


def test_a_file_that_a_conda_environment_includes(tmp_path: Path) -> None:
    texts = {
        "train/environment.yml": "dependencies: [lib, pip: [-r requirements.txt]]\n",
        "train/requirements.txt": "app\n",
    }
    assert found(tmp_path, texts) == ({"training": "train/environment.yml"}, {})
