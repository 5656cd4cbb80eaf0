"""compose.yaml: the stages as services of Docker Compose, for the developer's machine."""

from __future__ import annotations

import posixpath
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.exporters import ProjectExporter
from poetry_fti.exporters.docker.base_image import BASE_CONTEXT
from poetry_fti.exporters.docker.context.location import in_context
from poetry_fti.exporters.docker.instructions.sources import needs_credentials, uses_ssh
from poetry_fti.exporters.shared.header import project_header
from poetry_fti.exporters.shared.images import (
    base_tag,
    image_name,
    image_platforms,
    normalized,
    with_images,
)
from poetry_fti.exporters.shared.yaml_text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_fti.model.lock import LockedStage

FILENAME: Final = "compose.yaml"

# Compose has no optional secrets: without the variable the secret is an empty file.
_SECRETS: Final = {"netrc": {"file": "${NETRC:-/dev/null}"}}


def files(stages: Sequence[LockedStage]) -> Mapping[str, str]:
    """Return compose.yaml; an empty mapping if no stage has an image."""
    images = with_images(stages)
    if not images:
        return {}
    folder = images[0].folder.parent
    used = Counter(port for locked in images for port in locked.stage.image.expose)
    project = normalized(images[0].project)
    definition = {
        **({"name": project} if project else {}),
        "services": {locked.stage.name: _service(locked, used) for locked in images},
        **({"secrets": _SECRETS} if any(map(needs_credentials, images)) else {}),
    }
    header = project_header(folder, "poetry fti export --format compose")
    return {FILENAME: f"{header}\n{yaml_text(definition)}"}


def _service(locked: LockedStage, used: Mapping[str, int]) -> dict[str, Any]:
    stage = locked.stage
    # The digest of the inputs depends on the code, so only `build` knows that tag.
    image = f"{image_name(locked)}:${{TAG:-latest}}"
    service: dict[str, Any] = {"image": image, "build": _build(locked)}
    if stage.image.expose:
        service["ports"] = list(_ports(stage.image.expose, used))
    if stage.kind != "inference":  # a job, which `docker compose up` must not start
        service["profiles"] = [stage.kind]
    return service


def _build(locked: LockedStage) -> dict[str, Any]:
    build: dict[str, Any] = {
        "context": posixpath.relpath(locked.stage.image.context, locked.folder.parent),
        "dockerfile": str(in_context(locked, locked.folder / "Dockerfile")).replace("$", "$$"),
    }
    if locked.stage.image.dockerfile:
        build["additional_contexts"] = {BASE_CONTEXT: f"docker-image://{base_tag(locked)}"}
    if image_platforms(locked):
        build["platforms"] = list(map(str, image_platforms(locked)))
    if needs_credentials(locked):
        build["secrets"] = list(_SECRETS)
    if uses_ssh(locked):
        build["ssh"] = ["default"]
    return build


def _ports(exposed: Sequence[str], used: Mapping[str, int]) -> Iterator[str]:
    """Yield port mappings on 127.0.0.1, to a free port where several stages expose the same."""
    for port in exposed:
        published = port.partition("/")[0] if used[port] == 1 else ""
        yield f"127.0.0.1:{published}:{port}"


EXPORTER: Final = ProjectExporter(FILENAME, files)
