"""docker-bake.json: the images of all stages, built at once by `docker buildx bake`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.exporters.docker.sources import needs_credentials, uses_ssh
from poetry_fti.exporters.header import generated
from poetry_fti.exporters.images import image_name, linux_platforms, lock_tag, with_images

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poetry_fti.model import LockedStage

FILENAME: Final = "docker-bake.json"

_VARIABLES: Final = ("TAG", "CACHE", "NETRC")


def files(stages: Sequence[LockedStage]) -> Mapping[str, str]:
    """Return docker-bake.json; nothing where no stage has an image."""
    images = with_images(stages)
    if not images:
        return {}
    header = generated(images[0].folder.parent / "*/poetry.lock", "poetry fti export --format bake")
    definition = {
        "//": header.removeprefix("# "),
        "variable": {name: {"default": ""} for name in _VARIABLES},
        "group": {"default": {"targets": [locked.stage.name for locked in images]}},
        "target": {locked.stage.name: _target(locked) for locked in images},
    }
    return {FILENAME: json.dumps(definition, indent=2, ensure_ascii=False) + "\n"}


def _target(locked: LockedStage) -> dict[str, Any]:
    cache = f"type=registry,ref=${{CACHE}}:{locked.stage.name}"
    target: dict[str, Any] = {
        "context": ".",
        "dockerfile": _literal(str(locked.folder / "Dockerfile")),
        "tags": [lock_tag(locked), f'${{TAG != "" ? "{image_name(locked)}:${{TAG}}" : ""}}'],
        "cache-from": _if_set("CACHE", cache),
        "cache-to": _if_set("CACHE", f"{cache},mode=max"),
    }
    if linux_platforms(locked):
        target["platforms"] = list(map(str, linux_platforms(locked)))
    if needs_credentials(locked):
        target["secret"] = _if_set("NETRC", "id=netrc,src=${NETRC}")
    if uses_ssh(locked):
        target["ssh"] = ["default"]
    return target


def _if_set(variable: str, text: str) -> str:
    """Return the expression for a list that is empty unless a variable is set."""
    return f'${{{variable} != "" ? ["{text}"] : []}}'


def _literal(text: str) -> str:
    return re.sub(r"([$%])\{", r"\1\1{", text)
