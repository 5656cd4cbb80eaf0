"""The pod that runs a stage's image in Kubernetes, with restricted privileges."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters.shared.images import image_name, image_platforms, normalized
from poetry_fti.wording import in_quotes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.model.stage import Resources

GPU: Final = "nvidia.com/gpu"
NAME_LABEL: Final = "app.kubernetes.io/name"

# The longest name of a CronJob, which Kubernetes appends a time stamp to.
_LONGEST: Final = 52
_DIGITS: Final = 8
_UNITS: Final = {"Gi": 1 << 30, "G": 10**9, "Mi": 1 << 20, "M": 10**6}
_WRITABLE: Final = "/tmp"  # noqa: S108 - a volume in the container


def pod_name(locked: LockedStage) -> str:
    """Return the name of a stage's objects: at most 52 lower-case letters, digits and hyphens."""
    name = normalized(f"{locked.project} {locked.stage.name}")
    if not name[0].isalpha():  # as the name of a Service has to be
        name = f"fti-{name}"
    if len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - _DIGITS - 1]}-{sha256(name.encode()).hexdigest()[:_DIGITS]}"


def labels(locked: LockedStage) -> dict[str, str]:
    """Return the labels of a stage's objects."""
    return {NAME_LABEL: pod_name(locked), "app.kubernetes.io/component": locked.stage.kind}


def pod_spec(locked: LockedStage, container: Mapping[str, Any]) -> dict[str, Any]:
    """Return the specification of a pod; `container` are the container's further keys.

    Raises FtiError if the image runs as root or as a user whose uid is not known.
    """
    platforms = image_platforms(locked)
    selector = {"kubernetes.io/arch": platforms[0].arch} if len(platforms) == 1 else {}
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        **({"nodeSelector": selector} if selector else {}),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _uid(locked),
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [{"name": pod_name(locked), **_container(locked), **container}],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }


def quantities(resources: Resources) -> dict[str, str]:
    """Return the quantities of Kubernetes for what a stage needs, by the name of the resource."""
    found: dict[str, str] = {}
    if resources.cpu is not None:
        cores, milli = divmod(resources.cpu, 1000)
        found["cpu"] = f"{resources.cpu}m" if milli else str(cores)
    if resources.memory is not None:
        found["memory"] = _bytes(resources.memory)
    if resources.gpu is not None:
        found[GPU] = str(resources.gpu)
    return found


def _container(locked: LockedStage) -> dict[str, Any]:
    resources = quantities(locked.stage.resources)
    is_set = "HOME" in locked.stage.variables
    return {
        "image": image_name(locked),
        # Many libraries write their caches below it, and the image cannot be written to.
        **({} if is_set else {"env": [{"name": "HOME", "value": _WRITABLE}]}),
        **({"resources": {"requests": resources, "limits": resources}} if resources else {}),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [{"name": "tmp", "mountPath": _WRITABLE}],
    }


def _uid(locked: LockedStage) -> int:
    user = locked.stage.image.user
    if user.isdigit() and user != "0":
        return int(user)
    problem = (
        "as root, but its pod must not"
        if user in ("0", "root")
        else f"as the user {in_quotes(user)}, and Kubernetes can verify only a uid"
    )
    raise FtiError(
        f'The image of the stage "{locked.stage.name}" runs {problem}.'
        f" Set {locked.stage.image_key('user')} to a uid such as 10001."
    )


def _bytes(size: int) -> str:
    for unit, factor in _UNITS.items():
        if size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)
