"""The configuration of a stage's container image."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from poetry_fti.model.images.healthcheck import Healthcheck

Installer: TypeAlias = Literal["uv", "pip"]
INSTALLERS: Final[tuple[Installer, ...]] = get_args(Installer)
CodeForm: TypeAlias = Literal["copy", "wheel"]
CODE_FORMS: Final[tuple[CodeForm, ...]] = get_args(CodeForm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The table `[tool.fti.stages.<stage>.image]`, with the defaults of `[tool.fti.image]`.

    Attributes:
        name: the repository that the image is tagged with; None derives it from the registry and
            the names of project and stage.
        registry: the prefix of a name that is derived; None without one.
        template: a file of the project that the Dockerfile is generated from.
        context: the build context, relative to the project: its own folder or one above it.
        base: the reference of the base image; None derives it from the stage's Python.
        dockerfile: a Dockerfile of the project that builds the base image instead.
        python: an interpreter of the base image that packages are installed into; None creates a
            virtual environment.
        installer_image: the image that uv is copied from; None for the default one, an empty
            string if the base image has uv.
        syntax: the image of the Dockerfile's frontend; None for the default one, an empty string
            for the one that is built into the builder.
        code: whether the project's own code is copied or installed as a wheel.
        ca_certificates: files of the project with certificates of authorities, in PEM format.
        copy: pairs of a path in the project and a path in the image, absolute or relative to
            `workdir`.
        user: a user name, or a uid in digits.
        expose: ports, with the suffix `/udp` for UDP.
        inherited: the keys that only `[tool.fti.image]` sets.
    """

    name: str | None = None
    registry: str | None = None
    template: PurePosixPath | None = None
    context: PurePosixPath = PurePosixPath()
    base: str | None = None
    dockerfile: PurePosixPath | None = None
    python: str | None = None
    installer: Installer = "uv"
    installer_image: str | None = None
    syntax: str | None = None
    code: CodeForm = "copy"
    ca_certificates: tuple[PurePosixPath, ...] = ()
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
    inherited: frozenset[str] = field(default=frozenset(), compare=False)
