"""The YAML files of Azure Machine Learning for a stage: environment, job, endpoint, deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.exporters import StageExporter
from poetry_fti.exporters.platforms.azureml.environment import environment, runs_on_azureml
from poetry_fti.exporters.platforms.azureml.job import job
from poetry_fti.exporters.platforms.azureml.online import deployment, endpoint
from poetry_fti.exporters.platforms.azureml.serving import has_scoring_script, served_port
from poetry_fti.exporters.platforms.conda_text import WIDTH
from poetry_fti.exporters.shared.header import header
from poetry_fti.exporters.shared.yaml_text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.model.lock import LockedStage

_ENVIRONMENT: Final = "azureml-environment.yml"
_JOB: Final = "azureml-job.yml"
_ENDPOINT: Final = "azureml-endpoint.yml"
_DEPLOYMENT: Final = "azureml-deployment.yml"


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return the environment of a stage, and what runs in it; empty for another platform.

    An inference stage that serves a port, or has Microsoft's server, has an endpoint and a
    deployment, any other stage with a command has a job. Raises FtiError for a stage that an
    environment or an endpoint cannot express.
    """
    if not runs_on_azureml(locked.stage):
        return {}
    documents = {_ENVIRONMENT: environment(locked)}
    image = locked.stage.image
    if served_port(locked.stage) is not None or has_scoring_script(locked):
        documents |= {_ENDPOINT: endpoint(locked), _DEPLOYMENT: deployment(locked)}
    elif image.entrypoint or image.command:
        documents |= {_JOB: job(locked)}
    return {
        name: f"{header(locked)}\n{yaml_text(document, width=WIDTH)}"
        for name, document in documents.items()
    }


EXPORTER: Final = StageExporter(_ENVIRONMENT, files, can_omit_hashes=True, can_omit_markers=True)
