"""The container engine of this machine: Docker, Podman or Buildah."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.errors import FtiError
from poetry_fti.interruption import wait
from poetry_fti.ports.engine_commands import bake_command, build_commands, load_commands

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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
# Seconds that an interrupted engine gets to clean up.
_CLEAN_UP: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerEngine:
    """A container engine that is running, and its abilities.

    Attributes:
        program: `docker`, `podman` or `buildah`.
        platform: the engine's own platform, such as `linux/amd64`.
        can_bake: it has Docker's buildx, which builds all images at once, for several platforms.
        has_bake_permissions: its bake requires a permission for each use of the ssh agent.
        has_containerd_store: it stores images in Docker's containerd image store, for which it
            cannot rewrite time stamps.
    """

    program: str
    platform: str
    can_bake: bool = False
    has_bake_permissions: bool = False
    has_containerd_store: bool = False

    def label(self, tag: str, name: str, platform: str | None, *, pushed: bool) -> str | None:
        """Return the value of an image's label, in the engine or (`pushed`) in its registry.

        The value is empty if the image lacks the label, or has another value for each platform;
        None if there is no such image. Engines without buildx pull an image to read its labels,
        the one for `platform`.
        """
        if pushed and self.can_bake:
            words = ["docker", "buildx", "imagetools", "inspect", "--format", "{{json .Image}}"]
        else:
            words = [self.program, *_INSPECT[self.program]]
            if pushed:
                where = ["--platform", platform] if platform else []
                if captured([self.program, "pull", *where, tag]).returncode:
                    return None
        configs = _configs(captured([*words, tag]).stdout)
        values = {(config.get("Labels") or {}).get(name) or "" for config in configs}
        return (values.pop() if len(values) == 1 else "") if configs else None

    def build(self, jobs: Sequence[BuildJob], options: BuildOptions, folder: Path) -> None:
        """Build images from a folder, with output to the terminal; raises FtiError on failure."""
        with TemporaryDirectory(prefix="poetry-fti-") as temporary:
            options = replace(options, temporary=Path(temporary))
            if self.has_containerd_store and options.epoch is not None:
                options = replace(options, to_archives=True)
            environment = {name: value for name, value in os.environ.items() if name != "NETRC"}
            environment |= _variables(jobs, options)
            for words in self._commands(jobs, options):
                _run(words, folder, environment)

    def _commands(self, jobs: Sequence[BuildJob], options: BuildOptions) -> Iterator[list[str]]:
        if self.can_bake:
            options.bake_file.write_text(options.definition, encoding="utf-8")
            yield bake_command(jobs, options, needs_permission=self.has_bake_permissions)
            for job in jobs:
                yield from load_commands(job, options) if options.to_archives else ()
            return
        for job in jobs:
            yield from build_commands(self.program, job, options)


def find_engine() -> ContainerEngine:
    """Return the first engine that is running; raises FtiError if none is."""
    failed: dict[str, str] = {}
    for program in _PLATFORM:
        if shutil.which(program) is None:
            continue
        result = captured([program, *_PLATFORM[program]])
        host = _parsed(result.stdout).get("host", {})
        if result.returncode == 0 and host:
            return _engine(program, f"{host.get('os')}/{host.get('arch')}")
        failed[program] = result.stderr.strip()
    if not failed:
        message = "No container engine is on PATH. Install Docker with buildx, Podman or Buildah."
        raise FtiError(message)
    reasons = "\n".join(f"{program} does not answer: {text}" for program, text in failed.items())
    raise FtiError(f"{reasons}\nStart the engine, and run the command again.")


def _engine(program: str, platform: str) -> ContainerEngine:
    if (
        program != "docker"
        or "docker/buildx" not in captured(["docker", "buildx", "version"]).stdout
    ):
        return ContainerEngine(program=program, platform=platform)
    bake_help = captured(["docker", "buildx", "bake", "--help"]).stdout
    return ContainerEngine(
        program=program,
        platform=platform,
        can_bake=True,
        has_bake_permissions="--allow" in bake_help,
        has_containerd_store=_has_containerd_store(),
    )


def _has_containerd_store() -> bool:
    # Other builders, such as one that pushes, have another driver than "docker".
    builder = captured(["docker", "buildx", "inspect"]).stdout
    store = captured(["docker", "info", "--format", "{{.DriverStatus}}"]).stdout
    return bool(re.search(r"^Driver:\s*docker$", builder, re.MULTILINE)) and "containerd" in store


def _variables(jobs: Iterable[BuildJob], options: BuildOptions) -> Mapping[str, str]:
    """Return the environment variables that configure the engine."""
    # Without it, Docker would also store base images, without a name.
    variables = {"DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_LOAD": "1"}
    if options.netrc is not None:
        variables["NETRC"] = str(options.netrc)
    if options.netrc or options.to_archives or any(job.context != "." for job in jobs):
        # Newer versions of bake require permission for paths outside of the project.
        variables["BUILDX_BAKE_ENTITLEMENTS_FS"] = "0"
    return variables


def _configs(text: str) -> list[dict[str, Any]]:
    """Return the image configurations, one for each platform, in the output of any engine."""
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


def captured(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command without input, and return its exit code and what it printed."""
    return subprocess.run(  # noqa: S603 - fixed commands, no shell
        words,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.DEVNULL,
    )


def _run(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    with subprocess.Popen(words, cwd=folder, env=environment) as process:  # noqa: S603 - the same
        code = wait(process, _CLEAN_UP)
    if code:
        command = " ".join(words[: 3 if words[1] == "buildx" else 2])
        raise FtiError(f"`{command}` failed (exit code {code}). See its output above.")
