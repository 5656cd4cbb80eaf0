"""dagster_definitions.py: an asset of Dagster for each stage of the pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters import ProjectExporter
from poetry_fti.exporters.platforms.pipelines.python_text import call_text, value_text
from poetry_fti.exporters.platforms.pipelines.runs import (
    ENVIRONMENTS,
    environment_run,
    required_image,
)
from poetry_fti.exporters.platforms.pipelines.steps import pipeline_steps
from poetry_fti.exporters.platforms.pod import labels, pod_spec
from poetry_fti.exporters.shared.header import project_header
from poetry_fti.exporters.shared.images import normalized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.model.stage import Pipeline, Runner

FILENAME: Final = "dagster_definitions.py"

_COMMAND: Final = "poetry fti export --format dagster"
_LEVEL: Final = 1  # of the lines of an asset
_IMPORTS: Final[Mapping[Runner, str]] = {
    "docker": """\
import os

import dagster as dg
from dagster_docker import PipesDockerClient

""",
    "kubernetes": """\
import os

import dagster as dg
from dagster_k8s import PipesK8sClient

""",
    "external-python": """\
import os
from pathlib import Path

import dagster as dg
""",
}
# The resource that runs the stages, and the expression for it.
_CLIENTS: Final[Mapping[Runner, tuple[str, str]]] = {
    "docker": ("docker_pipes_client", "PipesDockerClient"),
    "kubernetes": ("k8s_pipes_client", "PipesK8sClient"),
    "external-python": ("pipes_subprocess_client", "dg.PipesSubprocessClient"),
}
# The operation has a prefix, since Dagster reserves names such as `config`.
_ASSET: Final = '''\
def stage_asset(name, deps, {parameters}):
    """Return an asset that runs {what}."""

    @dg.multi_asset(
        name='run_' + name.replace('-', '_'), specs=[dg.AssetSpec(name, deps=deps)]
    )
    def run(context: dg.AssetExecutionContext, {resource}: {client}):
        done = {resource}.run(
            context=context,
{run}        )
        return done.get_materialize_result()

    return run
'''
_IMAGE: Final = "image=f\"{image}:{os.environ['TAG']}\",  # the tag of all images"


def files(stages: Sequence[LockedStage]) -> Mapping[str, str]:
    """Return dagster_definitions.py; an empty mapping if no stage is part of the pipeline.

    Raises FtiError for a stage that the runner cannot run, and for names that Dagster confuses.
    """
    steps = pipeline_steps(stages)
    if not steps:
        return {}
    _require_different_names([locked for step in steps for locked in step])
    pipeline, folder = stages[0].pipeline, stages[0].folder.parent
    name = normalized(stages[0].project) or "fti"
    text = "\n".join(
        [
            project_header(folder, _COMMAND),
            f'"""The pipeline of {name}."""\n',
            _IMPORTS[pipeline.runner],
            *_functions(pipeline.runner, len(folder.parts)),
            _definitions(steps, name.replace("-", "_")),
        ]
    )
    return {FILENAME: text}


def _require_different_names(stages: Sequence[LockedStage]) -> None:
    found: dict[str, str] = {}
    for locked in stages:
        name = locked.stage.name
        other = found.setdefault(name.replace("-", "_"), name)
        if other != name:
            raise FtiError(
                f'Dagster cannot tell the stages "{other}" and "{name}" apart, because it replaces'
                ' hyphens by underscores. Leave one of them out of "order" in [tool.fti.pipeline].'
            )


def _functions(runner: Runner, parents: int) -> Iterator[str]:
    if runner == "external-python":
        yield f"{ENVIRONMENTS.format(parents=parents)}\n"
    resource, client = _CLIENTS[runner]
    parameters, what, run = _RUNS[runner]
    lines = "".join(f"            {line}\n" for line in run)
    text = _ASSET.format(
        parameters=parameters, what=what, resource=resource, client=client, run=lines
    )
    yield f"{text}\n"


def _definitions(steps: Sequence[Sequence[LockedStage]], name: str) -> str:
    pipeline = steps[0][0].pipeline
    before: list[str] = []
    assets = ""
    for step in steps:
        for locked in step:
            arguments = {"name": repr(locked.stage.name), "deps": value_text(before, _LEVEL + 1)}
            arguments |= _ARGUMENTS[pipeline.runner](locked)
            assets += f"    {call_text('stage_asset', arguments, _LEVEL)},\n"
        before = [locked.stage.name for locked in step]
    resource, client = _CLIENTS[pipeline.runner]
    arguments = {
        "assets": "assets",
        "jobs": "[job]",
        "schedules": _schedules(pipeline),
        "resources": f"{{{resource!r}: {client}()}}",
    }
    return (
        f"assets = [\n{assets}]\n"
        f"job = dg.define_asset_job('{name}_pipeline', selection=assets)\n"
        f"defs = {call_text('dg.Definitions', arguments, 0)}\n"
    )


def _schedules(pipeline: Pipeline) -> str:
    if pipeline.schedule is None:
        return "[]"
    arguments = {
        "job": "job",
        "cron_schedule": repr(pipeline.schedule),
        "execution_timezone": "'UTC'",
    }
    schedule = call_text("dg.ScheduleDefinition", arguments, 2)
    return f"[\n        {schedule},\n    ]"


def _docker(locked: LockedStage) -> Mapping[str, str]:
    resources = locked.stage.resources
    limits: dict[str, object] = {}
    if resources.cpu is not None:
        limits["nano_cpus"] = resources.cpu * 10**6
    if resources.memory is not None:
        limits["mem_limit"] = resources.memory
    if resources.gpu is not None:
        limits["device_requests"] = [{"count": resources.gpu, "capabilities": [["gpu"]]}]
    return {
        "image": repr(required_image(locked, "Dagster")),
        "limits": value_text(limits, _LEVEL + 1),
    }


def _kubernetes(locked: LockedStage) -> Mapping[str, str]:
    return {
        "image": repr(required_image(locked, "Dagster")),
        "labels": value_text(labels(locked), _LEVEL + 1),
        "pod": value_text(pod_spec(locked, {}), _LEVEL + 1),
    }


def _external_python(locked: LockedStage) -> Mapping[str, str]:
    return environment_run(locked, "Dagster").arguments(_LEVEL + 1)


_ARGUMENTS: Final[Mapping[Runner, Callable[[LockedStage], Mapping[str, str]]]] = {
    "docker": _docker,
    "kubernetes": _kubernetes,
    "external-python": _external_python,
}
# The parameters of the function that makes an asset, what the asset runs, and the arguments of the
# client that runs it.
_RUNS: Final[Mapping[Runner, tuple[str, str, tuple[str, ...]]]] = {
    "docker": (
        "image, limits",
        "the image of a stage with Docker",
        (_IMAGE, "container_kwargs=limits,"),
    ),
    "kubernetes": (
        "image, labels, pod",
        "the image of a stage as a pod",
        (_IMAGE, "base_pod_meta={'labels': labels},", "base_pod_spec=pod,"),
    ),
    "external-python": (
        "command, variables, roots",
        "the command of a stage in the environment of the stage",
        ("command=command,", "env=variables_of(name, variables, roots),", "cwd=str(PROJECT),"),
    ),
}

EXPORTER: Final = ProjectExporter(FILENAME, files)
