"""kubernetes.yaml: a stage as a job or a service in Kubernetes, with a base for kustomize."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from poetry_fti.exporters import StageExporter
from poetry_fti.exporters.platforms.pod import NAME_LABEL, labels, pod_name, pod_spec
from poetry_fti.exporters.platforms.probes import probes
from poetry_fti.exporters.shared.header import header
from poetry_fti.exporters.shared.images import has_image
from poetry_fti.exporters.shared.yaml_text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.model.images.image import Image
    from poetry_fti.model.lock import LockedStage

FILENAME: Final = "kubernetes.yaml"
# The name that `kubectl apply -k` looks for.
KUSTOMIZATION: Final = "kustomization.yaml"

# Two, so that one answers while the node of the other is drained.
_REPLICAS: Final = 2


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return the manifest and the kustomization; an empty mapping for a stage without an image."""
    if not has_image(locked.stage):
        return {}
    top = header(locked)
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [FILENAME],
    }
    manifest = "---\n".join(map(yaml_text, _objects(locked)))
    return {
        FILENAME: f"{top}\n{_comment(locked)}{manifest}",
        KUSTOMIZATION: f"{top}\n{yaml_text(kustomization)}",
    }


def _comment(locked: LockedStage) -> str:
    stage = locked.stage
    if stage.kind != "inference" or stage.is_service:
        return ""
    return f"# A job, not a service: {stage.image_key('expose')} does not list a port.\n"


def _objects(locked: LockedStage) -> Iterator[dict[str, Any]]:
    if locked.stage.is_service:
        yield _deployment(locked)
        yield _service(locked)
        yield _disruption_budget(locked)
    else:
        yield _job(locked)


def _job(locked: LockedStage) -> dict[str, Any]:
    pod = {"restartPolicy": "Never", **pod_spec(locked, {})}
    job = {"template": {"metadata": {"labels": labels(locked)}, "spec": pod}}
    if locked.stage.schedule is None:
        return _object("batch/v1", "Job", locked, job)
    schedule = {
        "schedule": locked.stage.schedule,
        "timeZone": "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        "jobTemplate": {"metadata": {"labels": labels(locked)}, "spec": job},
    }
    return _object("batch/v1", "CronJob", locked, schedule)


def _deployment(locked: LockedStage) -> dict[str, Any]:
    image = locked.stage.image
    ports = [
        {"name": _port_name(each), "containerPort": _number(each), "protocol": _protocol(each)}
        for each in image.expose
    ]
    spec = {
        "replicas": _REPLICAS,
        "selector": {"matchLabels": _selector(locked)},
        "template": {
            "metadata": {"labels": labels(locked)},
            "spec": pod_spec(locked, {"ports": ports, **probes(image, _tcp_port(image))}),
        },
    }
    return _object("apps/v1", "Deployment", locked, spec)


def _service(locked: LockedStage) -> dict[str, Any]:
    ports = [
        {
            "name": _port_name(each),
            "port": _number(each),
            "protocol": _protocol(each),
            "targetPort": _port_name(each),
        }
        for each in locked.stage.image.expose
    ]
    return _object("v1", "Service", locked, {"selector": _selector(locked), "ports": ports})


def _disruption_budget(locked: LockedStage) -> dict[str, Any]:
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": _selector(locked)}}
    return _object("policy/v1", "PodDisruptionBudget", locked, spec)


def _object(
    version: str, kind: str, locked: LockedStage, spec: Mapping[str, Any]
) -> dict[str, Any]:
    metadata = {"name": pod_name(locked), "labels": labels(locked)}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def _selector(locked: LockedStage) -> dict[str, str]:
    return {NAME_LABEL: pod_name(locked)}


def _tcp_port(image: Image) -> str | None:
    return next((_port_name(each) for each in image.expose if each.isdigit()), None)


def _port_name(port: str) -> str:
    return f"{_protocol(port).lower()}-{_number(port)}"


def _protocol(port: str) -> str:
    return (port.partition("/")[2] or "tcp").upper()


def _number(port: str) -> int:
    return int(port.partition("/")[0])


EXPORTER: Final = StageExporter(FILENAME, files)
