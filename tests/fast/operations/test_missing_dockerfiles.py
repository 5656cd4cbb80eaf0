"""Exported files that are of no use without the stage's Dockerfile, which is another format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from fast.conftest import filled, project_in
from memory_commands import run
from poetry_fti.model.formats import FORMATS
from poetry_fti.operations.export import ExportRequest, render, write
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from memory_index import MemoryProject
    from poetry_fti.operations.export import Rendered

FILES: Final = {
    "azureml": "fti/training/azureml-environment.yml and fti/training/azureml-job.yml refer",
    "bake": "fti/docker-bake.json refers",
    "compose": "fti/compose.yaml refers",
    "devcontainer": ".devcontainer/training/devcontainer.json refers",
}
SETTINGS: Final = """\
[tool.fti.stages.training.image]
apt = ["libgomp1"]
command = ["train"]
"""


def rendered(demo: MemoryProject, *formats: str) -> Rendered:
    project = demo.load()
    return render(project, ExportRequest(stages=project.select(["training"]), formats=formats))


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemoryProject]:
    """A locked stage that Azure builds from its Dockerfile."""
    with project_in(tmp_path_factory.mktemp("locked")) as demo:
        demo.index.offer({"app 1.0": ["License: MIT"]})
        demo.write(pyproject({"training": ["app"]}, SETTINGS))
        demo.lock()
        yield demo


@pytest.fixture
def training(locked: MemoryProject, demo: MemoryProject) -> MemoryProject:
    """A copy of the locked stage."""
    return filled(demo, locked)


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("format_name", FILES)
def test_a_missing_dockerfile_is_named(format_name: str, locked: MemoryProject) -> None:
    assert rendered(locked, format_name).warnings == [
        (
            f"{FILES[format_name]} to fti/training/Dockerfile, which does not exist."
            " Write it with `poetry fti export training --format dockerfile`."
        )
    ]


# The library for SBOMs takes long to import.
@pytest.mark.parametrize(
    "formats",
    [
        [each for each in FORMATS if each not in {"cyclonedx", "dockerfile", *FILES}],
        ["dockerfile"],
        pytest.param(["cyclonedx"], marks=pytest.mark.slow),
    ],
)
def test_other_formats_need_none(formats: Sequence[str], locked: MemoryProject) -> None:
    assert [each for each in rendered(locked, *formats).warnings if "Dockerfile" in each] == []


@pytest.mark.slow
def test_a_dockerfile_that_exists_is_not_missing(training: MemoryProject) -> None:
    assert not rendered(training, *FILES, "dockerfile").warnings
    write(training.load(), rendered(training, "dockerfile"))
    assert not rendered(training, *FILES).warnings


def test_the_command_warns_once_the_file_is_written(training: MemoryProject) -> None:
    ended = run(training, "export", "--format", "devcontainer")
    assert ended.output == "wrote     .devcontainer/training/devcontainer.json\n"
    assert ended.errors == (
        "Warning: .devcontainer/training/devcontainer.json refers to fti/training/Dockerfile, which"
        " does not exist. Write it with `poetry fti export training --format dockerfile`.\n"
    )
