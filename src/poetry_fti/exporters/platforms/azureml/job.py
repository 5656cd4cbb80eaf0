"""The job that runs the command of a stage."""

from __future__ import annotations

import posixpath
import shlex
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.exporters.platforms.azureml.environment import tags, used_environment
from poetry_fti.exporters.shared.images import normalized

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedStage

_SCHEMA: Final = "https://azuremlschemas.azureedge.net/latest/commandJob.schema.json"


def job(locked: LockedStage) -> dict[str, Any]:
    """Return a job for the command of a stage's image, which runs in the project's root.

    It names no compute, so that it runs on a serverless one.
    """
    image = locked.stage.image
    # Not that of an image, which may contain an older state of the code.
    path = ":".join(map(str, locked.code.roots)) or "."
    return {
        "$schema": _SCHEMA,
        "type": "command",
        "experiment_name": normalized(locked.project) or locked.stage.name,
        "display_name": locked.stage.name,
        "environment": used_environment(locked),
        "code": posixpath.relpath(".", locked.folder),
        "command": shlex.join([*image.entrypoint, *image.command]),
        "environment_variables": {"PYTHONPATH": path, **dict(locked.stage.env)},
        "tags": tags(locked),
    }
