"""airflow_dag.py: a DAG for Airflow 3 with a task for each stage of the pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.exporters import ProjectExporter
from poetry_fti.exporters.platforms.pipelines.python_text import call_text, value_text
from poetry_fti.exporters.platforms.pipelines.runs import environment_run, required_image
from poetry_fti.exporters.platforms.pipelines.steps import pipeline_steps, steps_text
from poetry_fti.exporters.platforms.pod import labels, pod_name, pod_spec
from poetry_fti.exporters.shared.header import project_header
from poetry_fti.exporters.shared.images import normalized

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.model.stage import Runner

FILENAME: Final = "airflow_dag.py"

_COMMAND: Final = "poetry fti export --format airflow"
_LEVEL: Final = 3  # of the lines of a task
_IMPORTS: Final[Mapping[Runner, str]] = {
    "docker": """\
from airflow.providers.docker.operators.docker import DockerOperator
from airflow.sdk import DAG, cross_downstream
""",
    "kubernetes": """\
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import DAG, cross_downstream
""",
    "external-python": """\
from airflow.sdk import DAG, cross_downstream, literal, task
""",
}
_TAG: Final = """\
# The tag of the images: airflow variables set {variable} TAG
TAG = '{{{{ var.value.{variable} }}}}'
"""
_RUN: Final = '''\
# The folder with an environment for each stage, and the folder of the project.
ENVIRONMENTS = os.environ.get('FTI_ENVIRONMENTS', '/opt/fti')
PROJECT = str(Path(__file__).resolve().parents[{parents}])


def run(command, variables, roots, project):
    """Run the command of a stage in the environment of the interpreter that calls this."""
    import os
    import subprocess
    import sys

    programs = os.path.dirname(sys.executable)
    environment = {{
        **os.environ,
        'PATH': os.pathsep.join([programs, os.environ['PATH']]),
        'PYTHONPATH': os.pathsep.join(os.path.join(project, root) for root in roots),
        'VIRTUAL_ENV': sys.prefix,
        **variables,
    }}
    subprocess.run(command, cwd=project, env=environment, check=True)
'''


def files(stages: Sequence[LockedStage]) -> Mapping[str, str]:
    """Return airflow_dag.py; an empty mapping if no stage is part of the pipeline.

    Raises FtiError for a stage that the runner cannot run.
    """
    steps = pipeline_steps(stages)
    if not steps:
        return {}
    runner, folder = stages[0].pipeline.runner, stages[0].folder.parent
    project = normalized(stages[0].project)
    text = "\n".join(
        [
            project_header(folder, _COMMAND),
            f'"""The pipeline of {project or "the project"}."""\n',
            _imports(runner, steps),
            _settings(runner, project, len(folder.parts)),
            _dag(steps, project or "fti"),
        ]
    )
    return {FILENAME: text}


def _imports(runner: Runner, steps: Sequence[Sequence[LockedStage]]) -> str:
    standard, others = "from datetime import datetime, timezone\n", _IMPORTS[runner]
    if runner == "external-python":
        standard = f"import os\n{standard}from pathlib import Path\n"
    elif runner == "docker" and any(each.stage.resources.gpu for step in steps for each in step):
        others += "from docker.types import DeviceRequest\n"
    return f"{standard}\n{others}"


def _settings(runner: Runner, project: str, parents: int) -> str:
    if runner == "external-python":
        return f"{_RUN.format(parents=parents)}\n"
    # A prefix, since a variable in a template cannot start with a digit.
    return _TAG.format(variable=f"fti_tag_{project.replace('-', '_')}".rstrip("_"))


def _dag(steps: Sequence[Sequence[LockedStage]], name: str) -> str:
    pipeline = steps[0][0].pipeline
    task = _TASKS[pipeline.runner]
    arguments = {
        "dag_id": repr(name),
        "schedule": repr(pipeline.schedule),
        "start_date": "datetime(2025, 1, 1, tzinfo=timezone.utc)",
        "catchup": "False",
        "max_active_runs": "1",
    }
    return (
        f"with {call_text('DAG', arguments, 0)}:\n"
        f"{steps_text(steps, task)}"
        "    for before, after in zip(steps, steps[1:]):\n"
        "        cross_downstream(before, after)\n"
    )


def _docker(locked: LockedStage) -> str:
    resources = locked.stage.resources
    arguments = {
        "task_id": repr(locked.stage.name),
        "image": _image(locked),
        "auto_remove": "'success'",
        "mount_tmp_dir": "False",
    }
    if resources.cpu is not None:
        arguments["cpus"] = repr(resources.cpu / 1000)
    if resources.memory is not None:
        arguments["mem_limit"] = repr(resources.memory)
    if resources.gpu is not None:
        request = f"DeviceRequest(count={resources.gpu}, capabilities=[['gpu']])"
        arguments["device_requests"] = f"[{request}]"
    return call_text("DockerOperator", arguments, _LEVEL)


def _kubernetes(locked: LockedStage) -> str:
    image = _image(locked)
    template = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"labels": labels(locked)},
        "spec": pod_spec(locked, {}),
    }
    arguments = {
        "task_id": repr(locked.stage.name),
        "name": repr(pod_name(locked)),
        "image": image,
        "base_container_name": repr(pod_name(locked)),
        "pod_template_dict": value_text(template, _LEVEL + 1),
    }
    return call_text("KubernetesPodOperator", arguments, _LEVEL)


def _external_python(locked: LockedStage) -> str:
    stage, run = locked.stage, environment_run(locked, "Airflow")
    options = {
        "task_id": repr(stage.name),
        "python": f"f'{{ENVIRONMENTS}}/{stage.name}/bin/python'",
        "expect_airflow": "False",
        "expect_pendulum": "False",
    }
    # Without `literal`, Airflow would render the values as templates.
    given = {**run.arguments(_LEVEL + 1), "project": "PROJECT"}
    arguments = {name: f"literal({value})" for name, value in given.items()}
    function = call_text("task.external_python", options, _LEVEL)
    return call_text(f"{function}(run)", arguments, _LEVEL)


def _image(locked: LockedStage) -> str:
    return f"f'{required_image(locked, 'Airflow')}:{{TAG}}'"


_TASKS: Final[Mapping[Runner, Callable[[LockedStage], str]]] = {
    "docker": _docker,
    "kubernetes": _kubernetes,
    "external-python": _external_python,
}

EXPORTER: Final = ProjectExporter(FILENAME, files)
