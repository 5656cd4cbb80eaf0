"""What installs packages in a build: how it is set up, called, and told of requirements."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.docker.base_image import image_python, python_specifiers
from poetry_fti.exporters.docker.instructions.sources import needs_credentials
from poetry_fti.exporters.docker.layers.wheels import is_wheel
from poetry_fti.exporters.docker.quoting import bind_mount
from poetry_fti.model import DirectoryOrigin, FileOrigin, GitOrigin
from poetry_fti.targets import python_minors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePosixPath

    from poetry_fti.model import Installer, LockedStage

# Of its own, since caches and credentials are looked for there, whatever the base says.
HOME: Final = "/opt/builder"
BUILD: Final = "/build"
LAYER: Final = "/layer"
_NEXT: Final = " \\\n    "
_UV: Final = "0.13"
_REQUIREMENTS: Final = "/tmp/requirements.txt"  # noqa: S108 - a mount point in the container


@dataclass(frozen=True, slots=True)
class Tool:
    """How an installer comes into the build, and is called.

    `image` is the build stage that it comes from; `setup` are instructions for the stages that
    make a virtual environment; `install` is the command there, and `install_into` the one that
    installs into an interpreter which is there already, to be given in place of `{python}`.
    """

    image: str | None
    setup: str
    cache: str
    install: str
    install_into: str
    mounts_into: tuple[str, ...] = ()


# The image's user can't write bytecode, so it is compiled here; it is tied to the contents of
# the sources because their times change where an image's time stamps are rewritten.
TOOLS: Final[Mapping[Installer, Tool]] = {
    "uv": Tool(
        image=f"FROM ghcr.io/astral-sh/uv:{_UV} AS uv",
        setup=(
            "COPY --link --from=uv /uv /usr/local/bin/\n\n"
            f"ENV HOME={HOME} \\\n"
            "    PYC_INVALIDATION_MODE=UNCHECKED_HASH \\\n"
            "    UV_COMPILE_BYTECODE=1 \\\n"
            "    UV_LINK_MODE=copy \\\n"
            "    UV_PYTHON_DOWNLOADS=never \\\n"
            "    VIRTUAL_ENV=/opt/venv"
        ),
        cache=f"{HOME}/.cache/uv",
        install="uv pip install --no-deps",
        install_into=(
            f"HOME={HOME} PYC_INVALIDATION_MODE=UNCHECKED_HASH UV_LINK_MODE=copy"
            " /tmp/uv pip install --python {python} --break-system-packages --compile-bytecode"
            " --no-deps"
        ),
        mounts_into=("--mount=type=bind,from=uv,source=/uv,target=/tmp/uv",),
    ),
    "pip": Tool(
        image=None,
        setup=(
            f"ENV HOME={HOME} \\\n"
            "    PIP_DISABLE_PIP_VERSION_CHECK=1 \\\n"
            "    PIP_ROOT_USER_ACTION=ignore \\\n"
            "    SOURCE_DATE_EPOCH=315532800"
        ),
        cache=f"{HOME}/.cache/pip",
        install="python3 -m pip --python /opt/venv/bin/python install --no-deps",
        install_into=(
            f"HOME={HOME} PIP_BREAK_SYSTEM_PACKAGES=1 PIP_DISABLE_PIP_VERSION_CHECK=1"
            " PIP_ROOT_USER_ACTION=ignore SOURCE_DATE_EPOCH=315532800"
            " {python} -m pip install --no-deps"
        ),
    ),
}


def tool_of(locked: LockedStage) -> Tool:
    """Return the installer of a stage's image."""
    return TOOLS[locked.stage.image.installer]


def run(mounts: Iterable[str], commands: Iterable[str]) -> str:
    """Return an instruction that runs commands one after the other."""
    return "RUN " + _NEXT.join([*mounts, f"{_NEXT}&& ".join(commands)])


def with_words(command: str, words: Iterable[str]) -> str:
    """Return a command with words for the shell, each in a line."""
    return f"{_NEXT}    ".join([command, *map(shlex.quote, words)])


def mounts(locked: LockedStage) -> Iterator[str]:
    """Yield what every call of the installer is to see: its cache, and credentials."""
    yield f"--mount=type=cache,target={tool_of(locked).cache}"
    if needs_credentials(locked):
        yield f"--mount=type=secret,id=netrc,target={HOME}/.netrc"


def hashed_mounts(locked: LockedStage, path: PurePosixPath) -> Iterator[str]:
    """Yield the file of requirements, and the archives that they name."""
    origins = [package.origin for package in locked.packages]
    yield bind_mount(path, _REQUIREMENTS)
    archives = sorted({each.path for each in origins if isinstance(each, FileOrigin)})
    yield from (bind_mount(archive, f"{BUILD}/{archive}") for archive in archives)


def hashed_options(locked: LockedStage) -> str:
    """Return the options that install what has hashes; nothing where a stage has none of it."""
    hashed = [p for p in locked.packages if not isinstance(p.origin, DirectoryOrigin | GitOrigin)]
    if not hashed:
        return ""
    # A package that has a wheel for the image is never built, whatever the image is in truth.
    wheels = ["--only-binary :all:"] * all(is_wheel(package, locked) for package in hashed)
    return " ".join(["--require-hashes", *wheels, *_strategy(locked), "-r", _REQUIREMENTS])


def version_check(locked: LockedStage) -> str:
    """Return the program that fails in a Python which the stage is not locked for."""
    allowed = ", ".join(map(str, python_minors(python_specifiers(image_python(locked)))))
    return f"import sys; assert sys.version_info[:2] in [{allowed}], sys.version"


def _strategy(locked: LockedStage) -> Iterator[str]:
    # uv looks no further than the first index that has a name; with hashes it safely can.
    if locked.stage.image.installer == "uv" and any(index.name for index in locked.indexes):
        yield "--index-strategy unsafe-best-match"
