"""Poetry's build constraints in a project's exports: what they affect, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from poetry_fti.errors import ConfigError
from poetry_fti.operations.export import ExportRequest, render, write
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from memory_index import MemoryProject
    from poetry_fti.operations.project import Project

pytestmark = pytest.mark.slow

FORMATS = ("requirements", "dockerfile", "pyproject")


def write_project(demo: MemoryProject, constraints: str) -> Project:
    """Lock two stages, of which the first has a package that it builds on most platforms."""
    tables = f"[tool.poetry.build-constraints]\n{constraints}"
    demo.write(pyproject({"training": ["built"], "inference": ["lib"]}, tables))
    if not (demo.root / "fti").exists():
        demo.lock()
    return demo.load()


def export(demo: MemoryProject, constraints: str) -> Mapping[str, str]:
    project = write_project(demo, constraints)
    rendered = render(project, ExportRequest(stages=project.stages, formats=FORMATS))
    write(project, rendered)
    return {str(path): text for path, text in rendered.texts.items()}


@pytest.fixture
def demo(demo: MemoryProject) -> MemoryProject:
    demo.index.offer({"built 1.0": ["wheel py3-none-win_amd64"], "lib 1.0": []})
    return demo


def test_an_edit_for_a_package_changes_the_files_of_its_stage_alone(demo: MemoryProject) -> None:
    before = export(demo, "")
    after = export(demo, 'built = { setuptools = "<78" }\nother = { cython = "3" }\n')
    assert [path for path in after if after[path] != before.get(path)] == [
        "fti/training/requirements.txt",
        "fti/training/build-constraints.txt",
        "fti/training/Dockerfile",
        "fti/training/Dockerfile.dockerignore",
        "fti/training/pyproject.toml",
    ]
    constraints = after["fti/training/build-constraints.txt"]
    assert constraints.endswith("\n\n# built\nsetuptools<78\n")
    derived = after["fti/training/pyproject.toml"]
    assert '[tool.poetry.build-constraints.built]\nsetuptools = "<78"\n' in derived
    assert "other" not in derived
    project = demo.load()
    rendered = render(project, ExportRequest(stages=project.stages, formats=(), merged=True))
    (warning,) = rendered.warnings
    assert warning == (
        "fti/pylock.toml has no build constraints. Install the stage training with"
        " `--build-constraint fti/training/build-constraints.txt`, which its own export writes."
    )
    again = export(demo, 'lib = { setuptools = "<70" }\n')
    changed = [path for path in again if again[path] != before[path]]
    assert changed == ["fti/inference/pyproject.toml"]
    assert not (demo.root / "fti/training/build-constraints.txt").exists()


def test_what_pip_and_uv_cannot_be_given(demo: MemoryProject) -> None:
    direct = "names a file, a folder, a URL or a repository"
    for constraint, problem in (
        ('{ path = "libs/setuptools" }', direct),
        ('{ git = "https://u:p@git.example/a.git" }', direct),
        ('"<70 || >=78"', "is several ranges of versions"),
    ):
        project = write_project(demo, f"unused = {{ setuptools = {constraint} }}")
        assert all(map(project.locked, project.stages))
        with pytest.raises(ConfigError) as error:
            export(demo, f"built = {{ setuptools = {constraint} }}")
        assert str(error.value) == (
            f"tool.poetry.build-constraints.built.setuptools: {problem}, which exports cannot pass"
            " to pip and uv. Use a range of versions."
        )
