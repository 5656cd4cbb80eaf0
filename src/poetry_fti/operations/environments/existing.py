"""Finds the environments of a project's stages, without starting their Pythons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.bridge.environments import unstarted_environments
from poetry_fti.checks.shared.facts import StageEnvironment
from poetry_fti.operations.environments.installation import installation_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.checks.shared.facts import EnvironmentState
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


def existing_environments(project: Project) -> list[StageEnvironment]:
    """Return the environments of all stages; none if Poetry's settings let stages share one."""
    return [each for stage in project.stages for each in _environments(project, stage)]


def _environments(project: Project, stage: ProjectStage) -> Iterator[StageEnvironment]:
    found = unstarted_environments(
        project.poetry.poetry, stage.name, stage.path.parent, stage.python
    )
    for env, is_usable in found:
        state: EnvironmentState = "other Python"
        if is_usable:
            state = installation_state(stage, env.path)
        elif not env.is_sane():
            state = "broken"
        python = ".".join(map(str, env.python_version or ()))
        yield StageEnvironment(stage=stage.name, name=env.path.name, python=python, state=state)
