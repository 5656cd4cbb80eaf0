"""The comment block of a Dockerfile: its source, and the commands that build the image."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.docker.base_image import BASE_CONTEXT
from poetry_fti.exporters.docker.instructions.sources import needs_credentials, uses_ssh
from poetry_fti.exporters.shared.header import header
from poetry_fti.exporters.shared.images import base_tag, image_platforms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.model.lock import LockedStage


_SYNTAX: Final = "docker/dockerfile:1"


def syntax_directive(locked: LockedStage) -> Iterator[str]:
    """Yield the directive that names the image of the Dockerfile's frontend, if one is used."""
    syntax = locked.stage.image.syntax
    if syntax != "":
        yield f"# syntax={syntax or _SYNTAX}"


def leading_comment(locked: LockedStage) -> str:
    """Return the comment block that precedes the first `FROM` instruction."""
    lines = [header(locked)]
    if locked.stage.image.template:
        lines.append(f"# Generated from {locked.stage.image.template}: edit that file.")
    lines += _commands(locked)
    if needs_credentials(locked):
        lines.append("# With credentials: add --secret id=netrc,src=$HOME/.netrc")
    if uses_ssh(locked):
        lines.append("# With the keys of your ssh-agent: add --ssh default")
    return "\n".join(lines)


def _commands(locked: LockedStage) -> Iterator[str]:
    where = "# Build in the project's root:"
    name, own = str(locked.folder / "Dockerfile"), locked.stage.image.dockerfile
    folder = str(locked.stage.image.context)
    if own is None:
        yield f"{where} {_command(locked, '-f', name, folder)}"
        return
    tag = base_tag(locked)
    yield where
    yield f"#   {_command(locked, '-f', str(own), '-t', tag, '.')}"
    context = f"{BASE_CONTEXT}=docker-image://{tag}"
    yield f"#   {_command(locked, '--build-context', context, '-f', name, folder)}"


def _command(locked: LockedStage, *options: str) -> str:
    linux = image_platforms(locked)
    # The lock has no files for other platforms, such as the engine's own.
    platform = ("--platform", str(linux[0])) if len(linux) == 1 else ()
    return shlex.join(["docker", "build", *platform, *options])
