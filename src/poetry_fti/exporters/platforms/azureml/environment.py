"""The environment of a stage: an image with a conda file, or the stage's Dockerfile."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters.docker.context.location import in_context
from poetry_fti.exporters.platforms.azureml.serving import health_path, served_port
from poetry_fti.exporters.platforms.conda_text import conda_environment, conda_python
from poetry_fti.exporters.shared.build_constraints import build_constraint_files
from poetry_fti.exporters.shared.images import normalized
from poetry_fti.exporters.shared.pip_lines import hashed_or_none, pip_lines
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin
from poetry_fti.model.platforms import Platform
from poetry_fti.wording import digest_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.model.stage import Stage

STAGE_TAG: Final = "fti-stage"
"""The tag with the name of the stage."""
LOCK_TAG: Final = "fti-lock"
"""The tag with the digest of the stage's lock."""

_SCHEMA: Final = "https://azuremlschemas.azureedge.net/latest/environment.schema.json"
_PLATFORM: Final = Platform("linux", "amd64")
# Microsoft's images have conda, which an environment with a conda file needs.
_REGISTRY: Final = "mcr.microsoft.com/azureml/"
_IMAGE: Final = f"{_REGISTRY}openmpi5.0-ubuntu24.04:latest"
# What an image has that no conda file can express.
_KEYS: Final = (
    *("apt", "build_apt", "ca_certificates", "copy", "dockerfile"),
    *("run_after", "run_before", "template"),
)


def runs_on_azureml(stage: Stage) -> bool:
    """Return whether a stage runs on the platform of Azure Machine Learning."""
    platforms = stage.targets.platforms
    return not platforms or _PLATFORM in platforms


def environment(locked: LockedStage) -> dict[str, Any]:
    """Return the environment of a stage, whose version is derived from its lock.

    Raises FtiError if the stage needs a Dockerfile whose base is built by another one, or allows no
    known version of Python.
    """
    name, version = environment_version(locked)
    return {
        "$schema": _SCHEMA,
        "name": name,
        "version": version,
        "description": _description(locked.stage),
        "tags": tags(locked),
        **_content(locked),
    }


def _description(stage: Stage) -> str:
    if stage.name == stage.kind:
        return f"The {stage.kind} stage"
    return f"The {stage.kind} stage {stage.name}"


def environment_version(locked: LockedStage) -> tuple[str, str]:
    """Return the name and the version of a stage's environment."""
    name = environment_name(locked.project, locked.stage.name)
    return name, digest_name(locked.digest)


def environment_name(project: str, stage: str) -> str:
    """Return the name of the environment of a project's stage."""
    return normalized(f"{project} {stage}")


def used_environment(locked: LockedStage) -> str | dict[str, Any]:
    """Return the environment that a job or a deployment of a stage names or contains.

    An image that is built from the Dockerfile has the project's code, which a version derived from
    the lock does not identify: without a version, Microsoft's tools derive one from the content.
    """
    if any(dockerfile_reasons(locked)):
        return _content(locked)
    return "azureml:{}:{}".format(*environment_version(locked))


def _content(locked: LockedStage) -> dict[str, Any]:
    built = any(dockerfile_reasons(locked))
    port = served_port(locked.stage)
    return {
        **({"build": _build(locked)} if built else _image(locked)),
        **({} if port is None else {"inference_config": _routes(locked.stage, port)}),
    }


def _image(locked: LockedStage) -> dict[str, Any]:
    return {"image": conda_image(locked.stage), "conda_file": conda_file(locked)}


def tags(locked: LockedStage) -> dict[str, str]:
    """Return the tags of a stage: its name, its kind and the digest of its lock."""
    stage = locked.stage
    return {STAGE_TAG: stage.name, "fti-kind": stage.kind, LOCK_TAG: locked.digest}


def conda_image(stage: Stage) -> str:
    """Return the image of an environment with a conda file: `image.base` if it is Microsoft's."""
    base = stage.image.base or ""
    return base if base.startswith(_REGISTRY) else _IMAGE


def conda_file(locked: LockedStage) -> dict[str, Any]:
    """Return the conda file of a stage that needs no Dockerfile.

    Raises FtiError if the stage allows no known version of Python.
    """
    return conda_environment(locked, conda_python(locked), pip_lines(hashed_or_none(locked)))


def dockerfile_reasons(locked: LockedStage) -> Iterator[str]:
    """Yield what only the stage's Dockerfile can express; an image and a conda file cannot."""
    stage = locked.stage
    local = [p.name for p in locked.packages if isinstance(p.origin, DirectoryOrigin | FileOrigin)]
    if local:
        yield f"paths of the project ({', '.join(sorted(set(local)))})"
    if build_constraint_files(locked):
        yield "build constraints"
    # conda runs pip so that it installs what packages require.
    yield from (key for key in ("overrides", "exclude") if getattr(stage, key))
    if stage.targets.libc.family == "musl":
        yield "libc"
    yield from (f"image.{key.replace('_', '-')}" for key in _KEYS if getattr(stage.image, key))
    if served_port(stage) is not None and (stage.image.entrypoint or stage.image.command):
        yield "image.entrypoint" if stage.image.entrypoint else "image.command"


def _build(locked: LockedStage) -> Mapping[str, str]:
    """Return the build context; its path is relative to the stage's folder."""
    image = locked.stage.image
    if image.dockerfile:
        raise FtiError(
            f'Azure Machine Learning cannot build the image of the stage "{locked.stage.name}",'
            f" whose base is built from {image.dockerfile}. Push the base to a registry, and set"
            f" tool.fti.stages.{locked.stage.name}.image.base instead of image.dockerfile."
        )
    return {
        "path": posixpath.relpath(image.context, locked.folder),
        "dockerfile_path": str(in_context(locked, locked.folder / "Dockerfile")),
    }


def _routes(stage: Stage, port: int) -> dict[str, Any]:
    health = {"port": port, "path": health_path(stage)}
    # Requests to other paths of the endpoint reach the server, too.
    scoring = {"port": port, "path": "/"}
    return {"liveness_route": health, "readiness_route": health, "scoring_route": scoring}
