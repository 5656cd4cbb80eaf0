"""Check `python-end-of-life`: versions of Python without security fixes. It is 2026-11-29."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import pytest

from checked import project
from checked_files import report, targeted
from memory_commands import Ended, run
from poetry_fti.checks import load_check
from poetry_fti.model.images.image import Image
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject
    from poetry_fti.checks.shared.facts import CheckedStage

CHECK: Final = "python-end-of-life"


def allowing(python: str, *, own: str | None = None, image: Image = Image()) -> CheckedStage:
    return targeted("training", {}, python=python, image=image, **{"python": own} if own else {})


def test_an_old_python_of_the_project_is_reported() -> None:
    assert report(CHECK, allowing(">=3.10,<3.14")) == (
        "training: warning: Python 3.10, the oldest that the stage runs on, has had no security"
        " fixes since 2026-10\n"
        'the project allows Python ">=3.10,<3.14"\n'
        "Raise the lower bound of `requires-python`, or set `python` of tool.fti.stages.training"
    )


def test_an_old_python_of_the_base_image_is_reported() -> None:
    old = Image(base="python:3.9-slim-bookworm")
    assert report(CHECK, allowing(">=3.9", image=old)) == (
        "training: warning: Python 3.9, the oldest that the stage runs on, has had no security"
        " fixes since 2025-10\n"
        "the base image is python:3.9-slim-bookworm\n"
        "Choose a base image with a newer Python, and allow it in `python` of"
        " tool.fti.stages.training"
    )


def test_the_end_is_announced_half_a_year_before() -> None:
    checked = targeted("training", {}, "macos/arm64", "==3.11.*")
    checked = replace(checked, stage=replace(checked.stage, python="==3.11.*"))
    find = load_check(CHECK).find
    (soon,) = find(replace(project(checked), today=date(2027, 5, 2)))
    assert soon.message == (
        "Python 3.11, the oldest that the stage runs on, gets no security fixes after 2027-10"
    )
    assert soon.because == 'tool.fti.stages.training.python is "==3.11.*"'
    assert soon.fix == "Raise the lower bound of tool.fti.stages.training.python"
    assert not list(find(replace(project(checked), today=date(2027, 4, 30))))


@pytest.mark.parametrize(
    "silent",
    [
        allowing(">=3.12"),
        allowing(""),
        allowing(">=3.9", image=Image(base="python:3.12")),
        allowing(">=3.9", image=Image(base="corp.example/ml/runtime:7")),
        allowing(">=3.9", image=Image(dockerfile=PurePosixPath("Dockerfile"))),
        allowing(">=3.19"),
    ],
)
def test_other_stages_are_silent(silent: CheckedStage) -> None:
    assert report(CHECK, silent) == ""


@pytest.mark.slow
def test_the_command_knows_the_date(demo: MemoryProject) -> None:
    demo.index.offer({"app 1.0": []})
    demo.write(pyproject({"training": ["app"]}, python="==3.9.*"))
    demo.lock()
    assert run(demo, "check", "--only", CHECK) == Ended(
        0,
        """\
training
  warning Python 3.9, the oldest that the stage runs on, has had no security fixes since 2025-10\
 [python-end-of-life]
    the project allows Python "==3.9.*"
    Raise the lower bound of `requires-python`, or set `python` of tool.fti.stages.training.

1 check run: 0 errors, 1 warning.
""",
    )
