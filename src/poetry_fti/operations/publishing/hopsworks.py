"""Publishes stages to Hopsworks: environments, jobs and deployments."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from poetry_fti.errors import FtiError
from poetry_fti.operations.publishing.hopsworks_plan import stage_plan
from poetry_fti.ports.rest.hopsworks import NEW_DEPLOYMENT, HopsworksProject, hopsworks_settings
from poetry_fti.ports.rest.hopsworks_calls import HopsworksCalls, project_call
from poetry_fti.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_fti.operations.project import Project
    from poetry_fti.operations.publishing.hopsworks_plan import StagePlan
    from poetry_fti.operations.stage import ProjectStage
    from poetry_fti.ports.rest.service import Call


@dataclass(frozen=True, slots=True)
class Step:
    """A completed step: what was done, as a participle, and the object of it."""

    done: str
    what: str


def plans(project: Project, stages: Sequence[ProjectStage]) -> list[StagePlan]:
    """Return what is published for stages.

    Raises StaleLockError for a missing or stale lock, otherwise the errors of `stage_plan`.
    """
    project.require_fresh(*stages)
    return [stage_plan(project.locked(stage), project.root) for stage in stages]


def planned_calls(wanted: Sequence[StagePlan]) -> Iterator[Call]:
    """Yield the requests that `publish` sends if none of the stages is published yet.

    `{id}` stands for the number of the project, which the first response contains.
    """
    settings = hopsworks_settings(os.environ)
    yield project_call(settings.project)
    calls = HopsworksCalls(settings.project, "{id}")
    for plan in wanted:
        yield calls.environment(plan.environment)
        yield calls.create_environment(plan.environment, plan.base)
        yield calls.environment_progress(plan.environment)
        yield calls.file(plan.requirements.name)
        yield calls.upload(plan.requirements.name, plan.requirements.content)
        yield calls.install(plan.environment, plan.requirements.name)
        yield calls.installation_progress(plan.environment, plan.requirements.name)
        if plan.script is not None:
            yield calls.file(plan.script.name)
            yield calls.upload(plan.script.name, plan.script.content)
            yield from _run_calls(calls, plan)


def _run_calls(calls: HopsworksCalls, plan: StagePlan) -> Iterator[Call]:
    if plan.kind == "inference":
        yield calls.deployment(plan.name)
        yield calls.save_deployment({**NEW_DEPLOYMENT, **_deployment(calls, plan)})
    else:
        yield calls.job_configuration(spark=plan.is_spark)
        yield calls.save_job(plan.name, _job(calls, plan))


def publish(wanted: Sequence[StagePlan]) -> Iterator[Step]:
    """Publish stages one after the other, and yield each step when it is done.

    What is published already is left as it is. Raises FtiError if Hopsworks refuses a step or fails
    to install an environment; run again, `publish` continues with what is missing.
    """
    project = HopsworksProject(hopsworks_settings(os.environ), os.environ)
    for plan in wanted:
        yield from _install(project, plan)
        if plan.script is not None:
            project.upload(plan.script.name, plan.script.content)
            yield _save(project, plan)


def _install(project: HopsworksProject, plan: StagePlan) -> Iterator[Step]:
    name = plan.environment
    found = project.environment(name)
    if found is None:
        project.create_environment(name, plan.base)
        reason = project.wait_for_environment(name)
        if reason:
            raise FtiError(
                f"Hopsworks failed to create the environment {name}: {reason}. Delete it there, and"
                " rerun the command."
            )
        yield Step("created", f"environment {name} from {plan.base}")
    elif found.is_busy:
        project.wait_for_environment(name)
        found = project.environment(name)
    if found is not None and _contains(found.libraries, plan.versions):
        yield Step("unchanged", f"environment {name}")
        return
    project.upload(plan.requirements.name, plan.requirements.content)
    reason = project.install(name, plan.requirements.name)
    if reason:
        raise FtiError(
            f"Hopsworks failed to install the requirements in the environment {name}: {reason}."
            " Rerun the command to try again."
        )
    yield Step("installed", f"{counted(len(plan.versions), 'package')} in {name}")


def _contains(libraries: Mapping[str, str], versions: Mapping[str, str]) -> bool:
    """Return whether an environment has all locked packages at their versions."""
    installed = {canonicalize_name(name): _version(text) for name, text in libraries.items()}
    return all(installed.get(canonicalize_name(n)) == _version(v) for n, v in versions.items())


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _save(project: HopsworksProject, plan: StagePlan) -> Step:
    if plan.kind == "inference":
        project.save_deployment(_deployment(project.calls, plan))
        return Step("saved", f"deployment {plan.name} with the predictor {plan.path}")
    project.save_job(plan.name, _job(project.calls, plan), spark=plan.is_spark)
    return Step("saved", f"job {plan.name}, which runs {plan.path}")


def _job(calls: HopsworksCalls, plan: StagePlan) -> dict[str, Any]:
    main = {"mainClass": "org.apache.spark.deploy.PythonRunner"} if plan.is_spark else {}
    path = calls.uploaded(plan.script.name if plan.script else "")
    return {"appPath": f"hdfs://{path}", "environmentName": plan.environment, **main}


def _deployment(calls: HopsworksCalls, plan: StagePlan) -> dict[str, Any]:
    return {
        "name": plan.name,
        "modelServer": "PYTHON",
        "servingTool": "KSERVE",
        "apiProtocol": "REST",
        "predictor": calls.uploaded(plan.script.name if plan.script else ""),
        "predictorEnvironment": {"name": plan.environment},
        # Read by releases that have no environment for each component.
        "environmentDTO": {"name": plan.environment},
    }
