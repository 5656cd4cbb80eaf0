"""The keys for orchestrators: a stage's resources and schedule, and `[tool.fti.pipeline]`."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from poetry_fti.config.check_keys import read_size
from poetry_fti.model.problem import Problem
from poetry_fti.model.stage import RUNNERS, Pipeline, Resources
from poetry_fti.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poetry_fti.config.table import Table
    from poetry_fti.model.stage import Stage

_MOST_CORES: Final = 1024
_MOST_GPUS: Final = 64
_MILLI: Final = 1000
_ENDLESS: Final = "its image exposes a port, so that it never ends"
_NOT_CRON: Final = 'is not a cron expression with five fields, such as "0 3 * * *"'
# What both Kubernetes and Airflow accept: Kubernetes rejects 7 for Sunday.
_MONTHS: Final = "jan feb mar apr may jun jul aug sep oct nov dec"
_DAYS: Final = "sun mon tue wed thu fri sat"
_FIELDS: Final = (
    (range(60), ""),
    (range(24), ""),
    (range(1, 32), ""),
    (range(1, 13), _MONTHS),
    (range(7), _DAYS),
)
_WORD: Final = "([0-9a-z]+)"
_ITEM: Final = rf"{_WORD}|(?:\*|{_WORD}-{_WORD})(?:/([1-9][0-9]?))?"


def read_pipeline(parent: Table) -> Pipeline:
    """Return the table `[tool.fti.pipeline]`; problems are added to the table's."""
    keys = ("order", "schedule", "runner")
    table = parent.child(parent.table("pipeline"), "pipeline", keys=keys)
    table.not_empty("order", "the order of kinds")
    return Pipeline(
        order=table.distinct("order"),
        schedule=read_schedule(table),
        runner=table.choice("runner", RUNNERS) or "docker",
    )


def read_resources(stage: Table) -> Resources:
    """Return the table `resources` of a stage; problems are added to the table's."""
    keys = ("cpu", "memory", "gpu")
    table = stage.child(stage.table("resources"), "resources", keys=keys)
    return Resources(cpu=_cpu(table), memory=read_size(table, "memory"), gpu=_gpu(table))


def _cpu(table: Table) -> int | None:
    cores = table.number("cpu")
    if cores is None:
        return None
    milli = round(cores * _MILLI) if math.isfinite(cores) else 0
    if 1 <= milli <= _MOST_CORES * _MILLI and math.isclose(milli, cores * _MILLI):
        return milli
    message = f"must be a number of cores from 0.001 to {_MOST_CORES}, with up to three decimals"
    table.wrong("cpu", message)
    return None


def _gpu(table: Table) -> int | None:
    number = table.integer("gpu")
    if number is None or 1 <= number <= _MOST_GPUS:
        return number
    table.wrong("gpu", f"must be from 1 to {_MOST_GPUS}, not {number}")
    return None


def read_schedule(table: Table) -> str | None:
    """Return the cron expression of the key `schedule`, with single blanks; None without one."""
    text = table.string("schedule")
    if text is None:
        return None
    fields = text.lower().split()
    if len(fields) == len(_FIELDS) and all(map(_is_field, fields, _FIELDS)):
        return " ".join(text.split())
    table.wrong("schedule", f'"{text}" {_NOT_CRON}')
    return None


def _is_field(text: str, allowed: tuple[range, str]) -> bool:
    numbers, names = allowed[0], allowed[1].split()
    for item in text.split(","):
        match = re.fullmatch(_ITEM, item)
        if match is None:
            return False
        *words, step = match.groups()
        ends = [_number(each, numbers, names) for each in words if each]
        if -1 in ends or ends != sorted(ends) or int(step or 1) > len(numbers):
            return False
    return True


def _number(text: str, numbers: range, names: Sequence[str]) -> int:
    """Return a number or the number of a name; -1 if it is not allowed."""
    if text in names:
        return numbers.start + names.index(text)
    return int(text) if text.isdigit() and int(text) in numbers else -1


def pipeline_problems(pipeline: Pipeline, stages: Sequence[Stage]) -> Iterator[Problem]:
    """Yield a problem for each unknown stage and service in the order, and scheduled service."""
    known = {stage.name: stage for stage in stages}
    for index, name in enumerate(pipeline.order or ()):
        path = f"tool.fti.pipeline.order[{index}]"
        if name not in known:
            yield Problem(path, f'there is no stage "{name}"{suggestion(name, known)}')
        elif known[name].is_service:
            yield Problem(path, f'"{name}" is a service; {_ENDLESS}')
    for stage in stages:
        if stage.is_service and stage.schedule is not None:
            path = f"tool.fti.stages.{stage.name}.schedule"
            yield Problem(path, f"has no effect on a service; {_ENDLESS}")
