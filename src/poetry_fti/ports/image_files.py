"""The settings and the files of a container image, without starting it."""

from __future__ import annotations

import json
import subprocess
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.errors import FtiError
from poetry_fti.ports.container_engine import captured

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_fti.ports.container_engine import ContainerEngine

# Programs that can export the files of an image without starting it.
_ABLE: Final = ("docker", "podman")
# An image without a command cannot become a container. It is never started.
_COMMAND: Final = "/never-started"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings:
    """The settings of an image: `platform` is such as `linux/amd64`."""

    platform: str
    labels: Mapping[str, str]
    variables: Mapping[str, str]


def image_settings(engine: ContainerEngine, name: str) -> ImageSettings:
    """Return the settings of an image in the engine.

    Raises FtiError if there is no such image, or if the engine cannot export its files.
    """
    if engine.program not in _ABLE:
        raise FtiError(f"{engine.program} cannot export images. Install Docker or Podman.")
    # The engine would take another name for an option.
    result = None if name.startswith("-") else captured([engine.program, "image", "inspect", name])
    if result is None or result.returncode:
        raise FtiError(
            f'{engine.program} has no image "{name}". Build it with `poetry fti build`, or pull it'
            f" with `{engine.program} pull`."
        )
    try:
        return _settings(json.loads(result.stdout)[0])
    except (ValueError, LookupError, TypeError, AttributeError):
        raise FtiError(f'{engine.program} describes the image "{name}" in another form.') from None


def _settings(data: Mapping[str, Any]) -> ImageSettings:
    config = data["Config"]
    variables = (str(each).partition("=") for each in config.get("Env") or ())
    return ImageSettings(
        platform=f"{data['Os']}/{data['Architecture']}",
        labels={str(key): str(text) for key, text in (config.get("Labels") or {}).items()},
        variables={key: text for key, _, text in variables},
    )


@contextmanager
def image_archive(engine: ContainerEngine, name: str) -> Iterator[tarfile.TarFile]:
    """Yield the files of an image as an archive that can be read once, from start to end.

    A container is created for this, which is not started, and removed. Raises FtiError if the
    engine fails.
    """
    container = _output([engine.program, "create", "--pull=never", name, _COMMAND]).split()[-1]
    try:
        words = [engine.program, "export", container]
        with subprocess.Popen(  # noqa: S603 - fixed commands, no shell
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            try:
                with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
                    yield archive
            except tarfile.TarError as error:
                raise FtiError(f'The files of the image "{name}" cannot be read: {error}') from None
            finally:
                process.kill()
    finally:
        captured([engine.program, "rm", container])


def _output(words: Sequence[str]) -> str:
    result = captured(words)
    if result.returncode or not result.stdout.strip():
        reason = result.stderr.strip() or f"exit code {result.returncode}"
        raise FtiError(f"`{' '.join(words[:2])}` failed: {reason}")
    return result.stdout
