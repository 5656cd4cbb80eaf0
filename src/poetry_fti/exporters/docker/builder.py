"""The part of a Dockerfile that installs a stage's packages into a virtual environment."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.docker.base_image import image_python, python_specifiers
from poetry_fti.exporters.docker.parts import lower_parts, own_part
from poetry_fti.exporters.docker.platform import check_platform
from poetry_fti.exporters.docker.quoting import bind_mount, copy
from poetry_fti.exporters.docker.sources import (
    index_options,
    needs_credentials,
    source_requirements,
    trees,
    uses_git,
    uses_ssh,
)
from poetry_fti.exporters.docker.system import build_system
from poetry_fti.exporters.docker.wheels import is_wheel
from poetry_fti.model import DirectoryOrigin, FileOrigin, GitOrigin
from poetry_fti.targets import python_minors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePosixPath

    from poetry_fti.model import Installer, LockedStage

_UV: Final = "0.13"
_REQUIREMENTS: Final = "/tmp/requirements.txt"  # noqa: S108 - a mount point in the container
# Of its own, since caches and credentials are looked for there, whatever the base says.
_HOME: Final = "/opt/builder"
_TOOLS_STAGE: Final = "tools"
_NEXT: Final = " \\\n    "


@dataclass(frozen=True, slots=True)
class _Tool:
    """How an installer is set up and called."""

    image: str | None
    setup: str
    cache: str
    install: str


# The image's user can't write bytecode, so it is compiled here; it is tied to the contents of
# the sources because their times change where an image's time stamps are rewritten.
_TOOLS: Final[Mapping[Installer, _Tool]] = {
    "uv": _Tool(
        image=f"FROM ghcr.io/astral-sh/uv:{_UV} AS uv",
        setup=(
            "COPY --link --from=uv /uv /usr/local/bin/\n\n"
            f"ENV HOME={_HOME} \\\n"
            "    PYC_INVALIDATION_MODE=UNCHECKED_HASH \\\n"
            "    UV_COMPILE_BYTECODE=1 \\\n"
            "    UV_LINK_MODE=copy \\\n"
            "    UV_PYTHON_DOWNLOADS=never \\\n"
            "    VIRTUAL_ENV=/opt/venv"
        ),
        cache=f"{_HOME}/.cache/uv",
        install="uv pip install --no-deps",
    ),
    "pip": _Tool(
        image=None,
        setup=(
            f"ENV HOME={_HOME} \\\n"
            "    PIP_DISABLE_PIP_VERSION_CHECK=1 \\\n"
            "    PIP_ROOT_USER_ACTION=ignore \\\n"
            "    SOURCE_DATE_EPOCH=315532800"
        ),
        cache=f"{_HOME}/.cache/pip",
        install="python3 -m pip --python /opt/venv/bin/python install --no-deps",
    ),
}


def builder(locked: LockedStage) -> Iterator[str]:
    """Yield the build stages that make each layer's /opt/venv; images copy them on each other."""
    tool = _TOOLS[locked.stage.image.installer]
    if tool.image:
        yield tool.image
    yield "FROM base AS builder"
    yield tool.setup
    yield "WORKDIR /build"
    for part in lower_parts(locked):
        yield f"FROM builder AS {part.name}"
        yield _install_requirements(part.locked, tool, part.path)
    system = list(build_system(locked))
    if system:
        yield from (f"FROM builder AS {_TOOLS_STAGE}", *system)
    yield f"FROM {top(locked)} AS packages"
    yield from check_platform(locked)
    own = own_part(locked)
    yield _install_requirements(own.locked, tool, own.path)
    if trees(locked):
        yield "\n".join(copy(path, f"/build/{path}") for path in trees(locked))
    if uses_git(locked) or trees(locked):
        yield _install_sources(locked, tool)


def top(locked: LockedStage) -> str:
    """Return the stage of the build that has all it takes to build a package."""
    return "builder" if not list(build_system(locked)) else _TOOLS_STAGE


def _install_requirements(locked: LockedStage, tool: _Tool, path: PurePosixPath) -> str:
    commands = list(_make_environment(locked))
    hashed = [p for p in locked.packages if not isinstance(p.origin, DirectoryOrigin | GitOrigin)]
    if not hashed:
        return _run([], commands)
    archives = sorted({p.origin.path for p in hashed if isinstance(p.origin, FileOrigin)})
    mounts = [
        *_mounts(locked, tool),
        bind_mount(path, _REQUIREMENTS),
        *(bind_mount(path, f"/build/{path}") for path in archives),
    ]
    # A package that has a wheel for the image is never built, whatever the image is in truth.
    wheels = ["--only-binary :all:"] * all(is_wheel(package, locked) for package in hashed)
    words = [tool.install, "--require-hashes", *wheels, *_strategy(locked), "-r", _REQUIREMENTS]
    return _run(mounts, [*commands, " ".join(words)])


def _make_environment(locked: LockedStage) -> Iterator[str]:
    python = image_python(locked)
    if locked.stage.image.installer == "uv":
        yield shlex.join(["uv", "venv", *(["--python", python] if python else []), "/opt/venv"])
        return
    allowed = ", ".join(map(str, python_minors(python_specifiers(python))))
    check = f"import sys; assert sys.version_info[:2] in [{allowed}], sys.version"
    yield shlex.join(["python3", "-c", check])
    yield "python3 -m venv --without-pip /opt/venv"


def _strategy(locked: LockedStage) -> Iterator[str]:
    # uv looks no further than the first index that has a name; with hashes it safely can.
    if locked.stage.image.installer == "uv" and any(index.name for index in locked.indexes):
        yield "--index-strategy unsafe-best-match"


def _install_sources(locked: LockedStage, tool: _Tool) -> str:
    ssh = uses_ssh(locked)
    mounts = [*_mounts(locked, tool), *["--mount=type=ssh"] * ssh]
    # The commit is checked, so a host that is met for the first time can do no harm.
    trust = "GIT_SSH_COMMAND='ssh -o StrictHostKeyChecking=accept-new' " if ssh else ""
    words = [*index_options(locked), *source_requirements(locked)]
    return _run(mounts, [f"{_NEXT}    ".join([trust + tool.install, *map(shlex.quote, words)])])


def install_project(locked: LockedStage, folder: str) -> str:
    """Return the instruction that makes an environment of its own for the project in a folder."""
    tool = _TOOLS[locked.stage.image.installer]
    # uv builds a folder that it is told of anew each time, whatever its cache holds.
    install = " ".join([tool.install, *map(shlex.quote, index_options(locked)), folder])
    return _run(_mounts(locked, tool), [*_make_environment(locked), install])


def _mounts(locked: LockedStage, tool: _Tool) -> Iterator[str]:
    yield f"--mount=type=cache,target={tool.cache}"
    if needs_credentials(locked):
        yield f"--mount=type=secret,id=netrc,target={_HOME}/.netrc"


def _run(mounts: Iterable[str], commands: Iterable[str]) -> str:
    return "RUN " + _NEXT.join([*mounts, f"{_NEXT}&& ".join(commands)])
