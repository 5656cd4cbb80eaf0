"""How a container engine is told to build images: the words of its commands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import PurePosixPath

    from poetry_fti.model import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseImage:
    """An image that another one starts from: its Dockerfile, and how the two name it."""

    dockerfile: PurePosixPath
    target: str
    tag: str
    context: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildJob:
    """An image to build; no platform stands for the engine's own."""

    stage: str
    dockerfile: PurePosixPath
    tags: tuple[str, ...]
    label: tuple[str, str]
    platforms: tuple[Platform, ...] = ()
    needs_netrc: bool = False
    needs_ssh: bool = False
    base: BaseImage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """What holds for all images; `epoch` is the SOURCE_DATE_EPOCH of a reproducible build.

    `archives` is a folder that images are written to, None where the engine takes them itself.
    """

    definition: PurePosixPath
    push: bool = False
    quiet: bool = False
    netrc: Path | None = None
    epoch: str | None = None
    archives: Path | None = None


def bake(jobs: Sequence[BuildJob], order: BuildOptions, *, asks: bool) -> list[str]:
    """Return the command that builds all images at once; `asks` if it has to be allowed to."""
    words = ["docker", "buildx", "bake", "-f", str(order.definition)]
    if order.quiet:
        words.append("--progress=quiet")
    if order.epoch is not None:
        words.append("--provenance=false")
    if asks and any(job.needs_ssh for job in jobs):
        words.append("--allow=ssh")
    for job in jobs:
        # Not --load or --push, which would be about a base too.
        words += ["--set", f"{job.stage}.output={_output(job, order)}"]
        if job.platforms:
            targets = [job.stage, *([job.base.target] if job.base else [])]
            for target in targets:
                words += ["--set", f"{target}.platform={_listed(job)}"]
        words += ["--set", f"{job.stage}.labels.{'='.join(job.label)}"]
        if order.epoch is not None:
            words += ["--set", f"{job.stage}.args.SOURCE_DATE_EPOCH={order.epoch}"]
    return [*words, *(job.stage for job in jobs)]


def load(job: BuildJob, order: BuildOptions) -> Iterator[list[str]]:
    """Yield the commands by which Docker takes an image out of its archive, and pushes it."""
    quiet = ["--quiet"] * order.quiet
    yield ["docker", "load", *quiet, "--input", str(_archive(job, order))]
    if order.push:
        yield from (["docker", "push", *quiet, tag] for tag in job.tags)


def _archive(job: BuildJob, order: BuildOptions) -> Path:
    return (order.archives or Path()) / f"{job.stage}.tar"


def _output(job: BuildJob, order: BuildOptions) -> str:
    kind = "type=image,push=true" if order.push else "type=docker"
    if order.archives:
        kind = f"type=oci,dest={_archive(job, order)}"
    return kind if order.epoch is None else f"{kind},rewrite-timestamp=true"


def build(program: str, job: BuildJob, order: BuildOptions) -> Iterator[list[str]]:
    """Yield the commands that build, and push, one image."""
    platform = ["--platform", _listed(job)] if job.platforms else []
    words = [program, "build", "-f", str(job.dockerfile), "--label", "=".join(job.label)]
    for tag in job.tags:
        words += ["-t", tag]
    words += platform
    if job.base:
        file, tag = str(job.base.dockerfile), job.base.tag
        yield [program, "build", "-f", file, "-t", tag, *platform, *["--quiet"] * order.quiet, "."]
        words += ["--build-context", f"{job.base.context}=docker-image://{tag}"]
    if order.netrc and job.needs_netrc:
        words += ["--secret", f"id=netrc,src={order.netrc}"]
    if job.needs_ssh:
        words += ["--ssh", "default"]
    if order.epoch is not None:
        docker = ["--build-arg", f"SOURCE_DATE_EPOCH={order.epoch}"]
        words += docker if program == "docker" else ["--timestamp", order.epoch]
    quiet = ["--quiet"] * order.quiet
    yield [*words, *quiet, "."]
    if order.push:
        yield from ([program, "push", *quiet, tag] for tag in job.tags)


def _listed(job: BuildJob) -> str:
    return ",".join(map(str, job.platforms))
