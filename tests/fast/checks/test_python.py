"""Check `python`: the Python of base images, environments and the project."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import checked
from memory_commands import run
from poetry_fti.checks import load_check
from poetry_fti.checks.shared.facts import StageEnvironment
from poetry_fti.model.images.image import Image
from poetry_fti.model.platforms import Platform, Targets
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject
    from poetry_fti.checks.shared.facts import CheckedStage, EnvironmentState

WINDOWS = Targets(platforms=(Platform("windows", "amd64"),))


def stage(python: str, base: str | None = None, *, own: bool = False) -> CheckedStage:
    """Return a stage for these versions of Python, its own or those of the project."""
    found = checked.stage("training", {})
    settings = replace(found.stage, image=Image(base=base), python=python if own else None)
    return replace(found, stage=settings, python=python)


def findings(
    found: CheckedStage, python: str = "", states: tuple[EnvironmentState, ...] = ()
) -> list[str]:
    """Return the findings on a stage with environments in these states."""
    environments = [
        StageEnvironment(stage="training", name=".venv-training", python="3.10.4", state=state)
        for state in states
    ]
    project = replace(checked.project(found), python=python, environments=lambda: environments)
    return [
        f"{each.level}: {each.message}. {each.because}. {each.fix}"
        for each in load_check("python").find(project)
    ]


@pytest.mark.parametrize(
    ("python", "base"),
    [
        (">=3.12,<3.13", "python:3.12-slim"),
        (">=3.12.4", "python:3.12"),
        (">=3.12.4", "python:3.12.4-slim@sha256:00"),
        (">=3.13", None),
        (">=3.13", "debian:12"),
        (">=3.13", "nvidia/cuda:12.4.1-runtime-ubuntu22.04"),
        ("", "python:3.12"),
    ],
)
def test_base_images_that_fit_or_are_unknown_are_no_findings(python: str, base: str | None) -> None:
    assert findings(stage(python, base)) == []


@pytest.mark.parametrize(
    ("base", "has"), [("python:3.12-slim", "3.12"), ("ghcr.io/a/python:3.13.0@sha256:00", "3.13.0")]
)
def test_a_base_image_with_another_python_is_an_error(base: str, has: str) -> None:
    assert findings(stage(">=3.13.1", base)) == [
        (
            f"error: the base image has Python {has}, which the stage does not allow."
            f" tool.fti.stages.training.image.base is {base}, and the stage is locked for"
            ' Python ">=3.13.1". Set tool.fti.stages.training.image.base or'
            " tool.fti.stages.training.python so that they agree"
        )
    ]


def test_stages_without_an_image_have_no_base_image() -> None:
    found = stage(">=3.13", "python:3.12")
    assert findings(replace(found, stage=replace(found.stage, targets=WINDOWS))) == []


def test_a_stage_runs_on_a_python_that_the_project_allows() -> None:
    assert findings(stage(">=3.11,<3.13", own=True), ">=3.10,<3.14") == []
    assert findings(stage(">=3.11", own=True), ">=3.11,<3.14") == []
    assert findings(stage(">=3.10", "python:3.12-slim", own=True), ">=3.11") == []
    assert findings(stage(">=3.11"), ">=3.11") == []
    # The only finding is that on the base image.
    (found,) = findings(stage(">=3.12", "python:3.9-slim", own=True), ">=3.11")
    assert found.startswith("error: the base image has Python 3.9, which the stage does not allow.")
    rest = (
        'and the project requires Python ">=3.11". Set tool.fti.stages.training.python or the'
        " project's `requires-python` so that they agree"
    )
    assert findings(stage(">=3.10", own=True), ">=3.11") == [
        (
            "warning: the stage runs on Python 3.10, which the project excludes."
            f' tool.fti.stages.training.python is ">=3.10", {rest}'
        )
    ]
    assert findings(stage("<3.11,>=3.9", own=True), ">=3.11") == [
        (
            "error: the stage runs on Python 3.9, which the project excludes."
            f' tool.fti.stages.training.python is "<3.11,>=3.9", {rest}'
        )
    ]


def test_an_environment_with_another_python_is_reported_unless_there_is_a_usable_one() -> None:
    assert findings(stage(">=3.11"), states=("other Python", "behind")) == []
    assert findings(stage(">=3.11"), states=("broken",)) == []
    assert findings(stage(">=3.11"), states=("other Python",)) == [
        (
            "warning: the environment .venv-training has Python 3.10.4, which the stage does not"
            ' allow. the stage requires Python ">=3.11". Recreate it with'
            " `poetry fti install training`"
        )
    ]


@pytest.mark.slow
def test_what_the_project_and_the_stages_require_is_compared(demo: MemoryProject) -> None:
    demo.index.offer({"app 1.0": []})
    table = '[tool.fti.stages.training]\npython = ">=3.10"\n'
    demo.write(pyproject({"training": ["app"], "inference": ["app"]}, table))
    demo.lock()
    assert run(demo, "check", "--only", "python").output == (
        """\
training
  warning the stage runs on Python 3.10, which the project excludes [python]
    tool.fti.stages.training.python is ">=3.10", and the project requires Python ">=3.11"
    Set tool.fti.stages.training.python or the project's `requires-python` so that they agree.

1 check run: 0 errors, 1 warning.
"""
    )
