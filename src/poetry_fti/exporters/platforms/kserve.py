"""kserve.yaml: an inference stage's image as an InferenceService of KServe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters import StageExporter
from poetry_fti.exporters.platforms.pod import labels, pod_name, pod_spec
from poetry_fti.exporters.platforms.probes import probes
from poetry_fti.exporters.shared.header import header
from poetry_fti.exporters.shared.images import has_image
from poetry_fti.exporters.shared.yaml_text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.model.lock import LockedStage

FILENAME: Final = "kserve.yaml"

# The name by which KServe finds the container that requests are sent to.
_CONTAINER: Final = "kserve-container"


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return kserve.yaml; an empty mapping for a stage that has no image or is no service.

    Raises FtiError for a service without a TCP port, and for an image that runs as root.
    """
    if not (locked.stage.is_service and has_image(locked.stage)):
        return {}
    service = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": pod_name(locked), "labels": labels(locked)},
        "spec": {"predictor": _predictor(locked)},
    }
    return {FILENAME: f"{header(locked)}\n{yaml_text(service)}"}


def _predictor(locked: LockedStage) -> dict[str, Any]:
    port = _port(locked)
    container = {
        "name": _CONTAINER,
        "ports": [{"containerPort": port, "protocol": "TCP"}],
        **probes(locked.stage.image, port),
    }
    pod = pod_spec(locked, container)
    # Knative, which KServe may run pods with, accepts these settings for a container only.
    security = pod.pop("securityContext")
    (only,) = pod["containers"]
    only["securityContext"] = {**security, **only["securityContext"]}
    return pod


def _port(locked: LockedStage) -> int:
    """Return the first TCP port: Knative accepts one port."""
    ports = [each for each in locked.stage.image.expose if each.isdigit()]
    if not ports:
        raise FtiError(
            f'The stage "{locked.stage.name}" exposes no TCP port that KServe could send requests'
            f" to. Add one to {locked.stage.image_key('expose')}."
        )
    return int(ports[0])


EXPORTER: Final = StageExporter(FILENAME, files)
