"""The container engine of this machine: which it is, what it has, and how it builds."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.errors import FtiError
from poetry_fti.ports.engine_commands import bake, build, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_fti.ports.engine_commands import BuildJob, BuildOptions

_PLATFORM: Final = {
    "docker": (
        "version",
        "--format",
        '{"host": {"os": "{{.Server.Os}}", "arch": "{{.Server.Arch}}"}}',
    ),
    "podman": ("info", "--format", "json"),
    "buildah": ("info",),
}
_INSPECT: Final = {
    "docker": ("image", "inspect"),
    "podman": ("image", "inspect"),
    "buildah": ("inspect", "--type", "image"),
}
_PATIENCE: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerEngine:
    """An engine that answers. One that bakes builds all images at once, for any platforms.

    One that `unpacks` what it builds can't rewrite its time stamps: that with Docker's containerd
    image store.
    """

    program: str
    platform: str
    bakes: bool = False
    asks: bool = False
    unpacks: bool = False

    def has(self, tag: str, label: tuple[str, str], *, pushed: bool) -> bool:
        """Tell whether there is an image of this tag and label, here or where it is pushed to."""
        if not pushed:
            words = [self.program, *_INSPECT[self.program], tag]
        elif self.bakes:
            words = [
                "docker",
                "buildx",
                "imagetools",
                "inspect",
                "--format",
                "{{json .Image}}",
                tag,
            ]
        else:
            return False
        name, value = label
        found = [(config.get("Labels") or {}).get(name) for config in _configs(_ask(words).stdout)]
        return bool(found) and set(found) == {value}

    def build(self, jobs: Sequence[BuildJob], order: BuildOptions, folder: Path) -> None:
        """Build images in a folder, on the terminal; raises FtiError if the engine fails."""
        with TemporaryDirectory(prefix="poetry-fti-") as archives:
            if self.unpacks and order.epoch is not None:
                order = replace(order, archives=Path(archives))
            environment = {name: value for name, value in os.environ.items() if name != "NETRC"}
            environment |= _variables(order)
            for words in self._commands(jobs, order):
                _run(words, folder, environment)

    def _commands(self, jobs: Sequence[BuildJob], order: BuildOptions) -> Iterator[list[str]]:
        if self.bakes:
            yield bake(jobs, order, asks=self.asks)
            for job in jobs:
                yield from load(job, order) if order.archives else ()
            return
        for job in jobs:
            yield from build(self.program, job, order)


def find_engine() -> ContainerEngine:
    """Return the first engine that answers; raises FtiError where there is none."""
    silent: dict[str, str] = {}
    for program in _PLATFORM:
        if shutil.which(program) is None:
            continue
        answer = _ask([program, *_PLATFORM[program]])
        host = _parsed(answer.stdout).get("host", {})
        if answer.returncode == 0 and host:
            bakes = (
                program == "docker"
                and "docker/buildx" in _ask(["docker", "buildx", "version"]).stdout
            )
            asks = bakes and "--allow" in _ask(["docker", "buildx", "bake", "--help"]).stdout
            platform = f"{host.get('os')}/{host.get('arch')}"
            unpacks = bakes and _unpacks()
            return ContainerEngine(
                program=program, platform=platform, bakes=bakes, asks=asks, unpacks=unpacks
            )
        silent[program] = answer.stderr.strip()
    if not silent:
        message = "No container engine is on PATH. Install Docker with buildx, Podman or Buildah."
        raise FtiError(message)
    said = "\n".join(f"{program} does not answer: {text}" for program, text in silent.items())
    raise FtiError(f"{said}\nStart the engine, and run the command again.")


def _unpacks() -> bool:
    # A builder of its own, which pushes, has another driver than Docker itself.
    builder = _ask(["docker", "buildx", "inspect"]).stdout
    store = _ask(["docker", "info", "--format", "{{.DriverStatus}}"]).stdout
    return bool(re.search(r"^Driver:\s*docker$", builder, re.MULTILINE)) and "containerd" in store


def _variables(order: BuildOptions) -> Mapping[str, str]:
    """Return what the engine is told by variables."""
    # Docker would keep the base of an image beside the image, without a name.
    told = {"DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_LOAD": "1"}
    if order.netrc is not None:
        told["NETRC"] = str(order.netrc)
    if order.netrc or order.archives:
        # Newer bakes would ask whether the bake file may name what is outside of the project.
        told["BUILDX_BAKE_ENTITLEMENTS_FS"] = "0"
    return told


def _configs(text: str) -> list[dict[str, Any]]:
    """Return the configurations of an image, one for each platform, as any engine tells them."""
    found = _parsed(text)
    image = found.get("OCIv1", found)
    images = [image] if {"config", "Config"} & image.keys() else list(image.values())
    described = (each for each in images if isinstance(each, dict))
    return [each.get("config") or each.get("Config") or {} for each in described]


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    while isinstance(found, list):
        found = found[0] if found else {}
    return found if isinstance(found, dict) else {}


def _ask(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - words of our own, no shell
        words,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.DEVNULL,
    )


def _run(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    with subprocess.Popen(words, cwd=folder, env=environment) as process:  # noqa: S603 - the same
        try:
            code = process.wait()
        except KeyboardInterrupt:
            # The engine has had the same interrupt: it may take its time to clean up.
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)
            raise
        finally:
            if process.poll() is None:
                process.terminate()
    if code:
        command = " ".join(words[: 3 if words[1] == "buildx" else 2])
        raise FtiError(f"`{command}` failed (exit code {code}). What it wrote above says why.")
