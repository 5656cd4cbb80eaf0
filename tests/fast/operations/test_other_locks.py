"""Commands that are about one stage do not need the locks of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from fast.conftest import GROUPS, SETTINGS
from fast.operations.test_images import builder
from memory_commands import run
from poetry_fti.operations.images.build import build_jobs, render_images
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

pytestmark = pytest.mark.slow

EXPORTS: Final = '[tool.fti]\nexports = ["requirements", "dockerfile", "bake", "compose"]\n'
MERGING: Final = "<<<<<<< ours\n=======\n>>>>>>> theirs\n"
REMEDY: Final = "Run `poetry fti lock training`."
LOCK: Final = "fti/training/poetry.lock"
STATES: Final = {
    None: f"{LOCK} is missing. {REMEDY}",
    "stale": f"{LOCK} does not match pyproject.toml. {REMEDY}",
    MERGING: (
        f"{LOCK} contains merge markers. Rebuild it from both sides with"
        " `poetry fti lock training`."
    ),
}


@pytest.fixture(params=STATES, ids=["missing", "stale", "merging"])
def problem(request: pytest.FixtureRequest, locked_demo: MemoryProject) -> str:
    """Spoil the lock of training, and return what is wrong with it."""
    groups: dict[str, list[str]] = dict(GROUPS)
    state: str | None = request.param
    lock = locked_demo.root / LOCK
    if state is None:
        lock.unlink()
    elif state == "stale":
        groups["training"] = ["mid", "lib"]
    else:
        lock.write_text(state, encoding="utf-8")
    locked_demo.write(pyproject(groups, EXPORTS + SETTINGS))
    return STATES[state]


def test_a_stage_is_exported_without_the_formats_of_all_stages(
    problem: str, locked_demo: MemoryProject
) -> None:
    left_out = (
        f"Warning: The formats bake and compose describe all stages and are left out: {problem}\n"
    )
    exported = run(locked_demo, "export", "inference")
    assert (exported.code, exported.errors) == (0, left_out)
    assert exported.output == (
        "wrote     fti/inference/requirements.txt\n"
        "wrote     fti/inference/Dockerfile\n"
        "wrote     fti/inference/Dockerfile.dockerignore\n"
        "wrote     fti/inference/requirements.own.txt\n"
    )
    checked = run(locked_demo, "export", "inference", "--check")
    assert (checked.code, checked.errors) == (0, left_out)
    assert checked.output == "4 files checked: all up to date.\n"


def test_a_format_of_all_stages_that_is_named_needs_all_locks(
    problem: str, locked_demo: MemoryProject
) -> None:
    exported = run(locked_demo, "export", "inference", "--format", "bake")
    assert (exported.code, exported.output) == (1, "")
    assert exported.errors == f"The format bake describes all stages: {problem}\n"


def test_an_image_is_shown_and_built(problem: str, locked_demo: MemoryProject) -> None:
    shown = run(locked_demo, "image", "inference")
    assert (shown.code, shown.errors) == (0, f"Warning: training is not compared: {problem}\n")
    assert "inference  python:3.12-slim-bookworm  packages" in shown.output
    project = locked_demo.load()
    export = render_images(project, ["inference"], builder())
    assert {path.parent.name for path in export.rendered.texts} == {"inference"}
    assert [job.stage for job in build_jobs(project, export, builder())] == ["inference"]
