"""The configuration of a stage's container image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal, TypeAlias, get_args

Installer: TypeAlias = Literal["uv", "pip"]
INSTALLERS: Final[tuple[Installer, ...]] = get_args(Installer)
CodeForm: TypeAlias = Literal["copy", "wheel"]
CODE_FORMS: Final[tuple[CodeForm, ...]] = get_args(CodeForm)


@dataclass(frozen=True, slots=True)
class HttpProbe:
    """A health check by HTTP: a path that is requested at a port of the container itself."""

    path: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthcheck:
    """A health check: a command that has to succeed, or an HTTP request.

    Durations are in Docker's notation (`30s`); None leaves the container engine's default.
    """

    probe: tuple[str, ...] | HttpProbe
    interval: str | None = None
    timeout: str | None = None
    start_period: str | None = None
    retries: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The table `[tool.fti.stages.<stage>.image]`.

    Attributes:
        name: the repository that the image is tagged with; None derives it from the names of
            project and stage.
        template: a file of the project that the Dockerfile is generated from.
        context: the build context, relative to the project: its own folder or one above it.
        base: the reference of the base image; None derives it from the stage's Python.
        dockerfile: a Dockerfile of the project that builds the base image instead.
        python: an interpreter of the base image that packages are installed into; None creates a
            virtual environment.
        code: whether the project's own code is copied or installed as a wheel.
        copy: pairs of a path in the project and a path in the image, absolute or relative to
            `workdir`.
        user: a user name, or a uid in digits.
        expose: ports, with the suffix `/udp` for UDP.
    """

    name: str | None = None
    template: PurePosixPath | None = None
    context: PurePosixPath = PurePosixPath()
    base: str | None = None
    dockerfile: PurePosixPath | None = None
    python: str | None = None
    installer: Installer = "uv"
    code: CodeForm = "copy"
    run_before: tuple[str, ...] = ()
    apt: tuple[str, ...] = ()
    build_apt: tuple[str, ...] = ()
    copy: tuple[tuple[PurePosixPath, PurePosixPath], ...] = ()
    run_after: tuple[str, ...] = ()
    user: str = "10001"
    workdir: PurePosixPath = PurePosixPath("/app")
    env: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    expose: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    healthcheck: Healthcheck | None = None
