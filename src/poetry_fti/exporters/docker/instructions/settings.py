"""The instructions that configure the image: variables, labels, ports, user and command."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.docker.base_image import base_image
from poetry_fti.exporters.docker.context.dockerignore import own_packages
from poetry_fti.exporters.docker.instructions.healthcheck import healthcheck
from poetry_fti.exporters.docker.instructions.user import use_user
from poetry_fti.exporters.docker.quoting import assignments, exec_form, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.model.lock import LockedStage

_HUB: Final = "docker.io"


def environment(locked: LockedStage) -> Iterator[str]:
    """Yield the `ENV` instruction; raises FtiError for a value that it cannot contain."""
    yield assignments("ENV", _environment(locked))


def labels(locked: LockedStage) -> Iterator[str]:
    """Yield the `LABEL` instruction; raises FtiError for a value that it cannot contain."""
    yield assignments("LABEL", _labels(locked))


def start(locked: LockedStage) -> Iterator[str]:
    """Yield the `EXPOSE`, `USER`, `HEALTHCHECK`, `ENTRYPOINT` and `CMD` instructions."""
    image = locked.stage.image
    if image.expose:
        yield f"EXPOSE {' '.join(image.expose)}"
    yield use_user(locked)
    yield from healthcheck(locked)
    if image.entrypoint:
        yield f"ENTRYPOINT {exec_form(image.entrypoint, _what('entrypoint', locked))}"
    if image.command:
        yield f"CMD {exec_form(image.command, _what('command', locked))}"


def _environment(locked: LockedStage) -> Mapping[str, str]:
    stage = locked.stage
    python = stage.image.python
    own = {
        "PATH": f'"{PurePosixPath(python).parent if python else "/opt/venv/bin"}:$PATH"',
        # The user has no permission to write next to the code: do not try at each start.
        "PYTHONDONTWRITEBYTECODE": '"1"',
        **_python_path(locked),
        "PYTHONUNBUFFERED": '"1"',
        **({} if python else {"VIRTUAL_ENV": '"/opt/venv"'}),
    }
    given = {
        name: quoted(value, _what(f"variable {name}", locked))
        for name, value in stage.variables.items()
    }
    return dict(sorted({**own, **given}.items()))


def _python_path(locked: LockedStage) -> Mapping[str, str]:
    if locked.stage.image.code == "wheel":
        return {}
    folder = locked.stage.image.workdir
    roots = locked.code.roots if own_packages(locked) else ()
    path = ":".join(str(folder / root) for root in roots) or str(folder)
    return {"PYTHONPATH": quoted(path, _what("source folder", locked))}


def _labels(locked: LockedStage) -> Mapping[str, str]:
    found = {
        **_base_labels(locked),
        "org.opencontainers.image.title": locked.stage.name,
        "poetry-fti.kind": locked.stage.kind,
        "poetry-fti.stage": locked.stage.name,
        **dict(locked.stage.image.labels),
    }
    return {
        name: quoted(text, _what(f"label {name}", locked)) for name, text in sorted(found.items())
    }


def _base_labels(locked: LockedStage) -> Mapping[str, str]:
    if locked.stage.image.dockerfile:
        return {}
    name, _, digest = base_image(locked).partition("@")
    named = {"org.opencontainers.image.base.name": _qualified(name)}
    return {**named, "org.opencontainers.image.base.digest": digest} if digest else named


def _qualified(name: str) -> str:
    """Return an image's reference with its registry, which the label requires."""
    first, slash, _ = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return name
    return f"{_HUB}/{name}" if slash else f"{_HUB}/library/{name}"


def _what(thing: str, locked: LockedStage) -> str:
    return f'The {thing} of the stage "{locked.stage.name}"'
