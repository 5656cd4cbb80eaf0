"""How an inference stage serves: at a port of its own, or with Microsoft's server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.model.images.healthcheck import HttpProbe

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedStage
    from poetry_fti.model.stage import Stage

_SERVER: Final = "azureml-inference-server-http"


def served_port(stage: Stage) -> int | None:
    """Return the port that an inference stage serves HTTP at, or None for a stage that does not.

    It is that of the health check, or else the first TCP port that the image exposes.
    """
    if stage.kind != "inference":
        return None
    probe = _probe(stage)
    if probe is not None:
        return probe.port
    ports = (port.partition("/") for port in stage.image.expose)
    return next((int(number) for number, _, protocol in ports if protocol != "udp"), None)


def has_scoring_script(locked: LockedStage) -> bool:
    """Return whether an inference stage has Microsoft's server, and no port of its own."""
    return (
        locked.stage.kind == "inference"
        and served_port(locked.stage) is None
        and any(package.name == _SERVER for package in locked.packages)
    )


def health_path(stage: Stage) -> str:
    """Return the path that the health check requests; `/` without a check by HTTP."""
    probe = _probe(stage)
    return probe.path if probe is not None else "/"


def _probe(stage: Stage) -> HttpProbe | None:
    check = stage.image.healthcheck
    return check.probe if check is not None and isinstance(check.probe, HttpProbe) else None
