"""compose.yaml: the stages as services of Docker Compose, on the developer's own machine."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.exporters import ProjectExporter
from poetry_fti.exporters.docker.base_image import OWN
from poetry_fti.exporters.docker.instructions.sources import needs_credentials, uses_ssh
from poetry_fti.exporters.shared.header import generated
from poetry_fti.exporters.shared.images import (
    base_tag,
    image_platforms,
    lock_tag,
    normalized,
    with_images,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_fti.model import LockedStage

FILENAME: Final = "compose.yaml"

# What is as good as no netrc where the variable is not set: Compose has no optional secrets.
_SECRETS: Final = {"netrc": {"file": "${NETRC:-/dev/null}"}}


def files(stages: Sequence[LockedStage]) -> Mapping[str, str]:
    """Return compose.yaml; nothing where no stage has an image."""
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
    header = generated(folder / "*/poetry.lock", "poetry fti export --format compose")
    return {FILENAME: f"{header}\n{_yaml(definition)}"}


def _service(locked: LockedStage, used: Mapping[str, int]) -> dict[str, Any]:
    stage = locked.stage
    service: dict[str, Any] = {"image": lock_tag(locked), "build": _build(locked)}
    if stage.image.expose:
        service["ports"] = list(_ports(stage.image.expose, used))
    if stage.kind != "inference":  # it runs to its end, when it is told to
        service["profiles"] = [stage.kind]
    return service


def _build(locked: LockedStage) -> dict[str, Any]:
    build: dict[str, Any] = {
        "context": posixpath.relpath(".", locked.folder.parent),
        "dockerfile": str(locked.folder / "Dockerfile").replace("$", "$$"),
    }
    if locked.stage.image.dockerfile:
        build["additional_contexts"] = {OWN: f"docker-image://{base_tag(locked)}"}
    if image_platforms(locked):
        build["platforms"] = list(map(str, image_platforms(locked)))
    if needs_credentials(locked):
        build["secrets"] = list(_SECRETS)
    if uses_ssh(locked):
        build["ssh"] = ["default"]
    return build


def _ports(exposed: Sequence[str], used: Mapping[str, int]) -> Iterator[str]:
    """Yield where ports are published; one that several stages have gets any that is free."""
    for port in exposed:
        published = port.partition("/")[0] if used[port] == 1 else ""
        yield f"127.0.0.1:{published}:{port}"


def _yaml(definition: Mapping[str, Any]) -> str:
    import yaml  # noqa: PLC0415 - the other formats, and all commands that know them, need it not

    class Dumper(yaml.SafeDumper):
        """Quotes strings that another version of YAML than its own takes for numbers."""

        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the interface
            return True

    def string(dumper: Dumper, text: str) -> yaml.ScalarNode:
        style = "'" if re.match(r"[0-9.+-]", text) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, string)
    text: str = yaml.dump(definition, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=999)
    return text


EXPORTER: Final = ProjectExporter(files)
