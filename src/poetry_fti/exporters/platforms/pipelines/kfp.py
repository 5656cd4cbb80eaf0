"""kfp_pipeline.py: a pipeline for Kubeflow Pipelines with a task for each stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters import ProjectExporter
from poetry_fti.exporters.platforms.pipelines.python_text import call_text, value_text
from poetry_fti.exporters.platforms.pipelines.steps import pipeline_steps, steps_text
from poetry_fti.exporters.platforms.pod import GPU, quantities
from poetry_fti.exporters.shared.header import project_header
from poetry_fti.exporters.shared.images import has_image, image_name, normalized

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poetry_fti.model.lock import LockedStage

FILENAME: Final = "kfp_pipeline.py"

_COMMAND: Final = "poetry fti export --format kfp"
_LEVEL: Final = 3  # of the lines of a task
# Kubeflow would not run a task again whose image, command and inputs have not changed, and
# these tasks have no inputs.
_TOP: Final = '''\
import os

from kfp import dsl

# The tag of the images, which the compiled pipeline contains.
TAG = os.environ['TAG']


def task(name, image, command):
    """Return a task that runs the command in the image, each time that the pipeline is run."""

    def component():
        return dsl.ContainerSpec(image=image, command=command)

    component.__name__ = name
    return dsl.container_component(component)().set_caching_options(False)


'''
_ORDER: Final = """\
    for before, after in zip(steps, steps[1:]):
        for each in after:
            each.after(*before)
"""
_SETTERS: Final = {
    "cpu": ("set_cpu_request", "set_cpu_limit"),
    "memory": ("set_memory_request", "set_memory_limit"),
}


def files(stages: Sequence[LockedStage]) -> Mapping[str, str]:
    """Return kfp_pipeline.py; an empty mapping if no stage is part of the pipeline.

    Raises FtiError for a stage that has no image or no command.
    """
    steps = pipeline_steps(stages)
    if not steps:
        return {}
    name = normalized(stages[0].project) or "fti"
    text = (
        f'{project_header(stages[0].folder.parent, _COMMAND)}\n"""The pipeline of {name}."""\n\n'
        f"{_TOP}@dsl.pipeline(name={name!r})\ndef pipeline():\n"
        f"{steps_text(steps, _task)}{_ORDER}"
    )
    return {FILENAME: text}


def _task(locked: LockedStage) -> str:
    stage = locked.stage
    if not has_image(stage):
        raise FtiError(
            f'The stage "{stage.name}" has no image that Kubeflow could run, because Linux is not'
            ' among its platforms. Leave the stage out of "order" in [tool.fti.pipeline].'
        )
    command = [*stage.image.entrypoint, *stage.image.command]
    if not command:
        raise FtiError(
            f'The stage "{stage.name}" has no command, which Kubeflow does not read from the image.'
            f' Set {stage.image_key("command")}, such as ["python", "-m", "train"].'
        )
    arguments = {
        "name": repr(stage.name),
        "image": f"f'{image_name(locked)}:{{TAG}}'",
        "command": value_text(command, _LEVEL + 1),
    }
    return call_text("task", arguments, _LEVEL) + _resources(locked)


def _resources(locked: LockedStage) -> str:
    """Return calls that set the resources of a task."""
    needed = quantities(locked.stage.resources)
    calls = [
        f".{setter}({needed[resource]!r})"
        for resource, setters in _SETTERS.items()
        if resource in needed
        for setter in setters
    ]
    if GPU in needed:
        calls.append(f".set_accelerator_type({GPU!r}).set_accelerator_limit({needed[GPU]!r})")
    return "".join(calls)


EXPORTER: Final = ProjectExporter(FILENAME, files)
