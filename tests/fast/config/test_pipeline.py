"""The keys for orchestrators: order, schedule, runner and resources."""

from __future__ import annotations

from typing import Any, Final

import pytest
import tomlkit

from poetry_fti.bridge.project.checks import POETRY_CHECKS
from poetry_fti.config.pyproject import read_pyproject
from poetry_fti.errors import ProblemsError
from poetry_fti.model.stage import Pipeline, Resources

GROUPS: Final = """\
[project]
name = "demo"
version = "1"
[dependency-groups]
feature = []
training = []
inference = []
"""
ENDLESS: Final = "its image exposes a port, so that it never ends"
SIZE: Final = 'is not a size such as "400 MB" or "1.5 GiB"'
CORES: Final = "must be a number of cores from 0.001 to 1024, with up to three decimals"
SERVICE: Final = "stages.inference.image.expose = [8000]"


def read(text: str) -> dict[str, Any]:
    return tomlkit.parse(f"{GROUPS}[tool.fti]\n{text}\n").unwrap()


def pipeline(text: str) -> Pipeline:
    return read_pyproject(read(text), POETRY_CHECKS).config.pipeline


def problems(text: str) -> list[str]:
    try:
        read_pyproject(read(text), POETRY_CHECKS)
    except ProblemsError as error:
        return [line.removeprefix("  tool.fti.") for line in str(error).split("\n")[1:]]
    return []


def test_every_key_is_read() -> None:
    assert pipeline("") == Pipeline(order=None, schedule=None, runner="docker")
    text = "pipeline = { order = ['training', 'feature'], schedule = ' 0  3 * * * ' }"
    assert pipeline(text) == Pipeline(order=("training", "feature"), schedule="0 3 * * *")
    assert pipeline("pipeline.runner = 'external-python'").runner == "external-python"
    text = "stages.training = { schedule = '@', resources = { cpu = 0.5, memory = '1 GiB' } }"
    stages = read_pyproject(read(text.replace("@", "1 2 3 4 5")), POETRY_CHECKS).stages
    assert stages[1].schedule == "1 2 3 4 5"
    assert stages[1].resources == Resources(cpu=500, memory=1 << 30)
    text = "stages.training.resources = {cpu = 4, gpu = 1}"
    stages = read_pyproject(read(text), POETRY_CHECKS).stages
    assert stages[1].resources == Resources(cpu=4000, gpu=1)


@pytest.mark.parametrize(
    "schedule",
    ["* * * * *", "*/5 0-23/2 1,15 JAN-mar sun", "59 23 31 12 6", "0 0 * * mon,wed-fri"],
)
def test_schedules(schedule: str) -> None:
    assert pipeline(f"pipeline.schedule = '{schedule}'").schedule == schedule


@pytest.mark.slow_after(8)
@pytest.mark.parametrize(
    "schedule",
    [
        *("", "@daily", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *"),
        *("* * * 13 *", "* * * * 7", "5-3 * * * *", "*/0 * * * *", "*/61 * * * *", "5/2 * * * *"),
        *("a * * * *", "jan * * * *", "* * * * jan", "1, * * * *", "-1 * * * *", "1-2-3 * * * *"),
        *("\N{ARABIC-INDIC DIGIT ONE} * * * *", "? * * * *", "* * L * *", "* * * * 1#2"),
    ],
)
def test_what_is_no_schedule(schedule: str) -> None:
    message = f'"{schedule}" is not a cron expression with five fields, such as "0 3 * * *"'
    assert problems(
        f"pipeline.schedule = '{schedule}'\nstages.training.schedule = '{schedule}'"
    ) == [f"stages.training.schedule: {message}", f"pipeline.schedule: {message}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pipeline = 1", ["pipeline: must be a table, not an integer"]),
        ("pipeline.runer = ''", ['pipeline.runer: unknown key; did you mean "runner"?']),
        (
            "pipeline.runner = 'podman'",
            ['pipeline.runner: unknown "podman" (known: docker, kubernetes, external-python)'],
        ),
        (
            "pipeline.order = []",
            ["pipeline.order: is empty; leave it out for the order of kinds"],
        ),
        (
            "pipeline.order = ['features', 'training', 'training']",
            [
                'pipeline.order[2]: "training" is listed twice',
                'pipeline.order[0]: there is no stage "features"; did you mean "feature"?',
            ],
        ),
        (
            f"pipeline.order = ['inference']\n{SERVICE}",
            [f'pipeline.order[0]: "inference" is a service; {ENDLESS}'],
        ),
        (
            f"stages.inference.schedule = '0 3 * * *'\n{SERVICE}",
            [f"stages.inference.schedule: has no effect on a service; {ENDLESS}"],
        ),
        (
            "stages.training.resources = {cpus = 1, cpu = '1', memory = '1Gi', gpu = 1.5}",
            [
                'stages.training.resources.cpus: unknown key; did you mean "cpu"?',
                "stages.training.resources.cpu: must be a number, not a string",
                f'stages.training.resources.memory: "1Gi" {SIZE}',
                "stages.training.resources.gpu: must be an integer, not a float",
            ],
        ),
        *(
            (
                f"stages.training.resources.cpu = {cpu}",
                [f"stages.training.resources.cpu: {CORES}"],
            )
            for cpu in ("0", "-1", "0.0001", "0.0015", "1025", "nan", "inf", "-inf")
        ),
        (
            "stages.training.resources.gpu = 0",
            ["stages.training.resources.gpu: must be from 1 to 64, not 0"],
        ),
    ],
)
def test_problems(text: str, expected: list[str]) -> None:
    assert problems(text) == expected
