"""The stages of a project in the order in which a pipeline runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.model.stage import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from poetry_fti.model.lock import LockedStage


def pipeline_steps(stages: Sequence[LockedStage]) -> list[list[LockedStage]]:
    """Return the steps of the pipeline; the stages of a step may run at the same time.

    The order is the one of `[tool.fti.pipeline]`, or else that of the kinds, without services.
    """
    order = stages[0].pipeline.order if stages else ()
    if order is not None:
        by_name = {each.stage.name: each for each in stages}
        return [[by_name[name]] for name in order]
    jobs = [each for each in stages if not each.stage.is_service]
    steps = ([each for each in jobs if each.stage.kind == kind] for kind in KINDS)
    return [step for step in steps if step]


def steps_text(steps: Sequence[Sequence[LockedStage]], task: Callable[[LockedStage], str]) -> str:
    """Return Python source, indented once, that assigns lists of tasks to the variable `steps`.

    `task` returns the expression for the task of a stage.
    """
    groups = ["".join(f"            {task(locked)},\n" for locked in step) for step in steps]
    lists = "".join(f"        [\n{group}        ],\n" for group in groups)
    return f"    steps = [\n{lists}    ]\n"
