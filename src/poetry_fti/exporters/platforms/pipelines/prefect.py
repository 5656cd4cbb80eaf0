"""prefect_flow.py: a flow of Prefect with a task for each stage of the pipeline."""

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
from poetry_fti.exporters.platforms.pipelines.steps import pipeline_steps, steps_text
from poetry_fti.exporters.shared.header import project_header
from poetry_fti.exporters.shared.images import normalized

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poetry_fti.model.lock import LockedStage

FILENAME: Final = "prefect_flow.py"

_COMMAND: Final = "poetry fti export --format prefect"
_LEVEL: Final = 3  # of the lines of a task
_RUN: Final = '''\
def run_logged(command, **options):
    """Run a command and print its output; raise an error if it fails."""
    pipes = {'stdin': subprocess.DEVNULL, 'stdout': subprocess.PIPE, 'stderr': subprocess.STDOUT}
    text = {'encoding': 'utf-8', 'errors': 'replace'}
    with subprocess.Popen(command, **pipes, **text, **options) as process:
        for line in process.stdout:
            print(line, end='')
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


'''
_TASK: Final = "@task(cache_policy=NO_CACHE, log_prints=True)\n"
_DOCKER: Final = f'''\
{_RUN}{_TASK}\
def run(name, image, options):
    """Run the image of a stage with Docker."""
    tag = os.environ['TAG']  # of all images
    run_logged(['docker', 'run', '--rm', *options, f'{{image}}:{{tag}}'])
'''
_EXTERNAL: Final = f'''\
{_RUN}{_TASK}\
def run(name, command, variables, roots):
    """Run the command of a stage in the environment of the stage."""
    environment = {{**os.environ, **variables_of(name, variables, roots)}}
    run_logged(command, cwd=PROJECT, env=environment)
'''
_STEPS: Final = """\
    tasks = []
    for step in steps:
        tasks = [
            run.with_options(name=each['name']).submit(**each, wait_for=tasks) for each in step
        ]
        for each in tasks:
            each.result()
"""


def files(stages: Sequence[LockedStage]) -> Mapping[str, str]:
    """Return prefect_flow.py; an empty mapping if no stage is part of the pipeline.

    Raises FtiError for a stage that the runner cannot run, and for the runner "kubernetes".
    """
    steps = pipeline_steps(stages)
    if not steps:
        return {}
    pipeline, folder = stages[0].pipeline, stages[0].folder.parent
    if pipeline.runner == "kubernetes":
        raise FtiError(
            'Prefect runs the stages with Docker or in environments: set "runner" in'
            ' [tool.fti.pipeline] to "docker" or "external-python", or export the format'
            " kubernetes."
        )
    in_environments = pipeline.runner == "external-python"
    name = normalized(stages[0].project) or "fti"
    functions = f"{ENVIRONMENTS.format(parents=len(folder.parts))}\n\n" if in_environments else "\n"
    text = "".join(
        [
            f'{project_header(folder, _COMMAND)}\n"""The pipeline of {name}."""\n\n',
            _imports(pipeline.schedule, in_environments=in_environments),
            functions,
            _EXTERNAL if in_environments else _DOCKER,
            f"\n\n@flow(name={name!r})\ndef pipeline():\n",
            steps_text(steps, _external_python if in_environments else _docker),
            f"{_STEPS}\n\n",
            _main(pipeline.schedule),
        ]
    )
    return {FILENAME: text}


def _imports(schedule: str | None, *, in_environments: bool) -> str:
    path = "from pathlib import Path\n" if in_environments else ""
    cron = "from prefect.schedules import Cron\n" if schedule else ""
    return (
        f"import os\nimport subprocess\n{path}\nfrom prefect import flow, task\n"
        f"from prefect.cache_policies import NO_CACHE\n{cron}\n"
    )


def _main(schedule: str | None) -> str:
    cron = f", schedule=Cron({schedule!r}, timezone='UTC')" if schedule else ""
    return f"if __name__ == '__main__':\n    pipeline.serve(name='fti'{cron}, limit=1)\n"


def _docker(locked: LockedStage) -> str:
    resources, options = locked.stage.resources, []
    if resources.cpu is not None:
        options.append(f"--cpus={resources.cpu / 1000}")
    if resources.memory is not None:
        options.append(f"--memory={resources.memory}")
    if resources.gpu is not None:
        options.append(f"--gpus={resources.gpu}")
    arguments = {
        "name": repr(locked.stage.name),
        "image": repr(required_image(locked, "Prefect")),
        "options": value_text(options, _LEVEL + 1),
    }
    return call_text("dict", arguments, _LEVEL)


def _external_python(locked: LockedStage) -> str:
    run = environment_run(locked, "Prefect")
    return call_text("dict", {"name": repr(locked.stage.name), **run.arguments(_LEVEL + 1)}, _LEVEL)


EXPORTER: Final = ProjectExporter(FILENAME, files)
