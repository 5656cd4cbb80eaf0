"""Warnings about requirements of a stage that apply only with extras that it does not select."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from poetry_fti.bridge.project.requirements.extra_markers import mentions_extra, unselected_extras
from poetry_fti.config.messages import stage_path
from poetry_fti.errors import FtiError
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


def extra_warnings(project: Project, stages: Iterable[ProjectStage]) -> list[str]:
    """Return a warning for each such requirement of the stages."""
    if not mentions_extra(project.text):
        return []
    return list(dict.fromkeys(text for stage in stages for text in _of(stage)))


def _of(stage: ProjectStage) -> Iterator[str]:
    with suppress(FtiError, ValueError):  # solving reports requirements that Poetry rejects
        for name, extras in unselected_extras(stage.derived.package(), stage.stage.targets):
            only = joined((f'"{extra}"' for extra in extras), "or")
            value = json.dumps([*stage.stage.extras, extras[0]])
            *table, key = stage_path(stage.name, "extras").rsplit(".", 1)
            yield (
                f"{stage.name} does not install {name}: pyproject.toml requires it only with the"
                f" extra {only} of the project. Add {key} = {value} to [{table[0]}], or remove the"
                " requirement from this stage."
            )
