"""devcontainer.json: a dev container that runs the image of a stage."""

from __future__ import annotations

import csv
import io
import json
import posixpath
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.exporters import StageExporter
from poetry_fti.exporters.docker.base_image import BASE_CONTEXT
from poetry_fti.exporters.docker.instructions.sources import needs_credentials, uses_ssh
from poetry_fti.exporters.docker.instructions.user import ADDED_USER
from poetry_fti.exporters.shared.header import header
from poetry_fti.exporters.shared.images import base_tag, has_image, image_platforms, normalized
from poetry_fti.model.formats import format_folder
from poetry_fti.model.images.image import Image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.model.lock import LockedStage

_FILE: Final = "devcontainer.json"
_KERNEL: Final = "ipykernel"
_EXTENSION: Final = "ms-python.python"
_NOTEBOOKS: Final = "ms-toolsai.jupyter"


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return devcontainer.json; an empty mapping for a stage without an image."""
    if not has_image(locked.stage):
        return {}
    comment = header(locked).replace("#", "//", 1)
    definition = json.dumps(_definition(locked), indent=2, ensure_ascii=False)
    return {_FILE: f"{comment}\n{definition}\n"}


def _definition(locked: LockedStage) -> dict[str, Any]:
    image = locked.stage.image
    platform = _platform(locked)
    has_kernel = any(package.name == _KERNEL for package in locked.packages)
    return {
        "name": _name(locked),
        **({"initializeCommand": _build_base(locked)} if image.dockerfile else {}),
        "build": _build(locked),
        **({"runArgs": [platform]} if platform else {}),
        # The image finds the project's code there.
        "workspaceMount": _mount("${localWorkspaceFolder}", str(image.workdir)),
        "workspaceFolder": str(image.workdir),
        # By its name, so that it can get the user ID of the developer, who owns the files.
        "remoteUser": ADDED_USER if image.user == Image().user else image.user,
        **({"forwardPorts": list(_ports(image))} if image.expose else {}),
        **({"postCreateCommand": _install_kernel(locked)} if has_kernel else {}),
        "customizations": {
            "vscode": {
                "extensions": [_EXTENSION, *[_NOTEBOOKS] * has_kernel],
                "settings": {"python.defaultInterpreterPath": _python(image)},
            }
        },
    }


def _build(locked: LockedStage) -> dict[str, Any]:
    folder = format_folder("devcontainer", locked.folder, locked.stage.name)
    options = list(_options(locked))
    return {
        "dockerfile": posixpath.relpath(locked.folder / "Dockerfile", folder),
        "context": posixpath.relpath(locked.stage.image.context, folder),
        **({"options": options} if options else {}),
    }


def _options(locked: LockedStage) -> Iterator[str]:
    """Yield the options of `docker build`."""
    if platform := _platform(locked):
        yield platform
    if locked.stage.image.dockerfile:
        yield f"--build-context={BASE_CONTEXT}=docker-image://{base_tag(locked)}"
    if needs_credentials(locked):
        yield "--secret=id=netrc,src=${localEnv:NETRC:/dev/null}"
    if uses_ssh(locked):
        yield "--ssh=default"


def _platform(locked: LockedStage) -> str:
    """Return the option for the platform of a stage that has a single one, else an empty string."""
    platforms = image_platforms(locked)
    return f"--platform={platforms[0]}" if len(platforms) == 1 else ""


def _build_base(locked: LockedStage) -> list[str]:
    platform = _platform(locked)
    options = [*[platform] * bool(platform), "-t", base_tag(locked)]
    return ["docker", "build", *options, "-f", str(locked.stage.image.dockerfile), "."]


def _mount(source: str, target: str) -> str:
    """Return the value of Docker's option `--mount`, a line of CSV."""
    line = io.StringIO()
    fields = [f"source={source}", f"target={target}", "type=bind"]
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()


def _ports(image: Image) -> Iterator[int]:
    for port in image.expose:
        number, _, protocol = port.partition("/")
        if protocol != "udp":
            yield int(number)


def _install_kernel(locked: LockedStage) -> list[str]:
    name = normalized(f"{locked.project} {locked.stage.name}")
    words = ["-m", _KERNEL, "install", "--user", "--name", name, "--display-name", _name(locked)]
    return [_python(locked.stage.image), *words]


def _name(locked: LockedStage) -> str:
    stage = locked.stage.name
    return f"{locked.project} ({stage})" if locked.project else stage


def _python(image: Image) -> str:
    return image.python or "/opt/venv/bin/python"


EXPORTER: Final = StageExporter(_FILE, files)
