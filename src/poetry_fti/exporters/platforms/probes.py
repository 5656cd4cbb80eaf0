"""The probes of a container in Kubernetes, from the health check of a stage's image."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.model.images.healthcheck import HttpProbe

if TYPE_CHECKING:
    from poetry_fti.model.images.healthcheck import Healthcheck
    from poetry_fti.model.images.image import Image

_PERIOD: Final = 10  # Kubernetes' default, in seconds
_DURATION: Final = re.compile(r"(\d+)(ms|s|m|h)")
_MILLISECONDS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}


def probes(image: Image, port: str | int | None) -> dict[str, Any]:
    """Return the probes of a container: its health check or, without one, a connection to a port.

    `port` is the name or the number of a TCP port; None for an image without one.
    """
    check = image.healthcheck
    if check is None:
        probe = {"tcpSocket": {"port": port}} if port is not None else {}
        return {"readinessProbe": probe, "livenessProbe": probe} if probe else {}
    action, times = _action(check), _times(check)
    if check.retries is not None:
        times["failureThreshold"] = check.retries
    found = {"readinessProbe": {**action, **times}, "livenessProbe": {**action, **times}}
    if check.start_period is None:
        return found
    attempts = -(-_seconds(check.start_period) // times.get("periodSeconds", _PERIOD))
    return {"startupProbe": {**action, **times, "failureThreshold": attempts}, **found}


def _action(check: Healthcheck) -> dict[str, Any]:
    if isinstance(check.probe, HttpProbe):
        return {"httpGet": {"path": check.probe.path, "port": check.probe.port}}
    return {"exec": {"command": list(check.probe)}}


def _times(check: Healthcheck) -> dict[str, int]:
    given = {"periodSeconds": check.interval, "timeoutSeconds": check.timeout}
    return {key: _seconds(text) for key, text in given.items() if text is not None}


def _seconds(duration: str) -> int:
    """Return a duration in whole seconds, rounded up."""
    parts = _DURATION.findall(duration)
    return -(-sum(int(number) * _MILLISECONDS[unit] for number, unit in parts) // 1000)
