"""The command lines by which container engines build images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import PurePosixPath

    from poetry_fti.model.platforms import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseImageJob:
    """A base image that is built from the project's own Dockerfile, before the image itself.

    `target` is its name in the bake file, `tag` its reference in engines without bake, and
    `context` the name by which the image's Dockerfile refers to it.
    """

    dockerfile: PurePosixPath
    target: str
    tag: str
    context: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildJob:
    """An image to build: without `platforms`, for the engine's own.

    `inputs` is the label with the digest of all inputs, `labels` are further ones, all as pairs of
    name and value; `base` is None if the base image is not built. `context` is the
    folder of the build context, relative to the project's root.
    """

    stage: str
    dockerfile: PurePosixPath
    tags: tuple[str, ...]
    inputs: tuple[str, str]
    labels: tuple[tuple[str, str], ...] = ()
    platforms: tuple[Platform, ...] = ()
    needs_netrc: bool = False
    needs_ssh: bool = False
    base: BaseImageJob | None = None
    context: str = "."


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """The options of a build that apply to all of its images.

    Attributes:
        definition: the text of the bake file.
        netrc: a netrc file with credentials for indexes and git hosts.
        epoch: the SOURCE_DATE_EPOCH of a reproducible build, in seconds.
        temporary: a folder for the bake file and for archives.
        to_archives: whether images are written to archives instead of being stored by the engine.
    """

    definition: str
    push: bool = False
    quiet: bool = False
    netrc: Path | None = None
    epoch: str | None = None
    temporary: Path = Path()
    to_archives: bool = False

    @property
    def bake_file(self) -> Path:
        """The path of the bake file."""
        return self.temporary / "docker-bake.json"


def bake_command(
    jobs: Sequence[BuildJob], options: BuildOptions, *, needs_permission: bool
) -> list[str]:
    """Return the `docker buildx bake` command that builds all images.

    `needs_permission` adds the option by which a bake file may use the ssh agent.
    """
    words = ["docker", "buildx", "bake", "-f", str(options.bake_file)]
    if options.quiet:
        words.append("--progress=quiet")
    if options.epoch is not None:
        words.append("--provenance=false")
    if needs_permission and any(job.needs_ssh for job in jobs):
        words.append("--allow=ssh")
    for job in jobs:
        # --load and --push would apply to base images too.
        words += ["--set", f"{job.stage}.output={_output(job, options)}"]
        if job.platforms:
            targets = [job.stage, *([job.base.target] if job.base else [])]
            for target in targets:
                words += ["--set", f"{target}.platform={_listed(job)}"]
        for tag in job.tags:
            words += ["--set", f"{job.stage}.tags={tag}"]
        for label in (job.inputs, *job.labels):
            words += ["--set", f"{job.stage}.labels.{'='.join(label)}"]
        if options.epoch is not None:
            words += ["--set", f"{job.stage}.args.SOURCE_DATE_EPOCH={options.epoch}"]
    return [*words, *(job.stage for job in jobs)]


def load_commands(job: BuildJob, options: BuildOptions) -> Iterator[list[str]]:
    """Yield the commands that load an image from its archive into Docker, and push it."""
    quiet = ["--quiet"] * options.quiet
    yield ["docker", "load", *quiet, "--input", str(_archive(job, options))]
    if options.push:
        yield from (["docker", "push", *quiet, tag] for tag in job.tags)


def _archive(job: BuildJob, options: BuildOptions) -> Path:
    return options.temporary / f"{job.stage}.tar"


def _output(job: BuildJob, options: BuildOptions) -> str:
    kind = "type=image,push=true" if options.push else "type=docker"
    if options.to_archives:
        kind = f"type=oci,dest={_archive(job, options)}"
    return kind if options.epoch is None else f"{kind},rewrite-timestamp=true"


def build_commands(program: str, job: BuildJob, options: BuildOptions) -> Iterator[list[str]]:
    """Yield the commands that build one image, and push it, with an engine that cannot bake."""
    platform = ["--platform", _listed(job)] if job.platforms else []
    words = [program, "build", "-f", str(job.dockerfile)]
    for label in (job.inputs, *job.labels):
        words += ["--label", "=".join(label)]
    for tag in job.tags:
        words += ["-t", tag]
    words += platform
    if job.base:
        file, tag = str(job.base.dockerfile), job.base.tag
        yield [
            program,
            "build",
            "-f",
            file,
            "-t",
            tag,
            *platform,
            *["--quiet"] * options.quiet,
            ".",
        ]
        words += ["--build-context", f"{job.base.context}=docker-image://{tag}"]
    if options.netrc and job.needs_netrc:
        words += ["--secret", f"id=netrc,src={options.netrc}"]
    if job.needs_ssh:
        words += ["--ssh", "default"]
    if options.epoch is not None:
        docker = ["--build-arg", f"SOURCE_DATE_EPOCH={options.epoch}"]
        words += docker if program == "docker" else ["--timestamp", options.epoch]
    quiet = ["--quiet"] * options.quiet
    yield [*words, *quiet, job.context]
    if options.push:
        yield from ([program, "push", *quiet, tag] for tag in job.tags)


def _listed(job: BuildJob) -> str:
    return ",".join(map(str, job.platforms))
