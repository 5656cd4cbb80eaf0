"""docker-bake.json: the definition of all stages' images for `docker buildx bake`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.exporters import ProjectExporter
from poetry_fti.exporters.docker.base_image import BASE_CONTEXT
from poetry_fti.exporters.docker.context.location import in_context
from poetry_fti.exporters.docker.instructions.sources import needs_credentials, uses_ssh
from poetry_fti.exporters.shared.header import project_header
from poetry_fti.exporters.shared.images import image_name, image_platforms, with_images

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_fti.model.lock import LockedStage

FILENAME: Final = "docker-bake.json"

_VARIABLES: Final = ("TAG", "CACHE", "NETRC")


def files(stages: Sequence[LockedStage]) -> Mapping[str, str]:
    """Return docker-bake.json; an empty mapping if no stage has an image."""
    images = with_images(stages)
    if not images:
        return {}
    header = project_header(images[0].folder.parent, "poetry fti export --format bake")
    definition = {
        "//": header.removeprefix("# "),
        "variable": {name: {"default": ""} for name in _VARIABLES},
        "group": {"default": {"targets": [locked.stage.name for locked in images]}},
        "target": {name: target for locked in images for name, target in _targets(locked)},
    }
    return {FILENAME: json.dumps(definition, indent=2, ensure_ascii=False) + "\n"}


def _targets(locked: LockedStage) -> Iterator[tuple[str, dict[str, Any]]]:
    target, own = _target(locked), locked.stage.image.dockerfile
    if own:
        base = base_target(locked.stage.name)
        target["contexts"] = {BASE_CONTEXT: f"target:{base}"}
        platforms = {"platforms": target["platforms"]} if "platforms" in target else {}
        output = {"output": ["type=cacheonly"]}
        yield base, {"context": ".", "dockerfile": _literal(str(own)), **platforms, **output}
    yield locked.stage.name, target


def base_target(stage: str) -> str:
    """Return the target that builds a stage's base image from the project's own Dockerfile."""
    return f"_{stage}"  # names of stages do not start with an underscore


def _target(locked: LockedStage) -> dict[str, Any]:
    cache = f"type=registry,ref=${{CACHE}}:{locked.stage.name}"
    target: dict[str, Any] = {
        "context": str(locked.stage.image.context),
        "dockerfile": _literal(str(in_context(locked, locked.folder / "Dockerfile"))),
        # The digest of the inputs depends on the code, so only `build` knows that tag.
        "tags": [f'{image_name(locked)}:${{TAG != "" ? TAG : "latest"}}'],
        "cache-from": _if_set("CACHE", cache),
        "cache-to": _if_set("CACHE", f"{cache},mode=max"),
    }
    if image_platforms(locked):
        target["platforms"] = list(map(str, image_platforms(locked)))
    if needs_credentials(locked):
        target["secret"] = _if_set("NETRC", "id=netrc,src=${NETRC}")
    if uses_ssh(locked):
        target["ssh"] = ["default"]
    return target


def _if_set(variable: str, text: str) -> str:
    """Return the expression for a list with one item, which is empty if a variable is not set."""
    return f'${{{variable} != "" ? ["{text}"] : []}}'


def _literal(text: str) -> str:
    return re.sub(r"([$%])\{", r"\1\1{", text)


EXPORTER: Final = ProjectExporter(FILENAME, files)
