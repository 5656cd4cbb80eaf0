"""The endpoint of a stage that serves a port, and its deployment."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters.platforms.azureml.environment import (
    environment_version,
    tags,
    used_environment,
)
from poetry_fti.exporters.platforms.azureml.serving import has_scoring_script
from poetry_fti.exporters.shared.images import normalized

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedStage

_SCHEMAS: Final = "https://azuremlschemas.azureedge.net/latest"
# The smallest one that Microsoft recommends for production.
_INSTANCE_TYPE: Final = "Standard_DS3_v2"
_SCORING_SCRIPT: Final = "score.py"
_ENDPOINT_NAME: Final = re.compile(r"[a-z][a-z0-9-]{2,31}")


def endpoint(locked: LockedStage) -> dict[str, Any]:
    """Return a managed online endpoint; raises FtiError if an endpoint cannot have its name."""
    return {
        "$schema": f"{_SCHEMAS}/managedOnlineEndpoint.schema.json",
        "name": _endpoint_name(locked),
        "auth_mode": "key",
        "tags": tags(locked),
    }


def deployment(locked: LockedStage) -> dict[str, Any]:
    """Return a deployment of the endpoint that is named after the lock.

    The deployment of another lock is created beside it, and gets no traffic until that is assigned.
    """
    _, version = environment_version(locked)
    variables = dict(locked.stage.env)
    code = {"code": posixpath.relpath(".", locked.folder), "scoring_script": _SCORING_SCRIPT}
    return {
        "$schema": f"{_SCHEMAS}/managedOnlineDeployment.schema.json",
        "name": f"lock-{version}",
        "endpoint_name": _endpoint_name(locked),
        "environment": used_environment(locked),
        **({"code_configuration": code} if has_scoring_script(locked) else {}),
        "instance_type": _INSTANCE_TYPE,
        "instance_count": 1,
        **({"environment_variables": variables} if variables else {}),
        "tags": tags(locked),
    }


def _endpoint_name(locked: LockedStage) -> str:
    """Return the names of project and stage, or that of the stage if both are too long."""
    names = (normalized(f"{locked.project} {locked.stage.name}"), normalized(locked.stage.name))
    for name in names:
        if _ENDPOINT_NAME.fullmatch(name):
            return name
    raise FtiError(
        f'The stage "{locked.stage.name}" cannot be an endpoint of Azure Machine Learning, whose'
        " name has 3 to 32 letters, digits and hyphens and begins with a letter. Rename the stage."
    )
