"""The installers uv and pip in an image build: their set-up, their commands and options."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.docker.base_image import image_python, python_specifiers
from poetry_fti.exporters.docker.context.location import in_context
from poetry_fti.exporters.docker.instructions.sources import needs_credentials
from poetry_fti.exporters.docker.layers.wheels import ImageWheels, is_built
from poetry_fti.exporters.docker.quoting import bind_mount
from poetry_fti.exporters.shared.build_constraints import build_constraints_path
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin, GitOrigin
from poetry_fti.targets import python_minors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from poetry_fti.model.images.image import Installer
    from poetry_fti.model.lock import LockedStage

# The home folder during the build, where the installers look for caches and credentials. The
# base's own would not be known.
HOME: Final = "/opt/builder"
BUILD: Final = PurePosixPath("/build")
LAYER: Final = "/layer"
_NEXT: Final = " \\\n    "
_UV: Final = "0.13"
# Mount points in the container.
_REQUIREMENTS: Final = "/tmp/requirements.txt"  # noqa: S108
_CONSTRAINTS: Final = "/tmp/build-constraints.txt"  # noqa: S108


@dataclass(frozen=True, slots=True)
class Tool:
    """An installer of Python packages in an image build.

    Attributes:
        image: the image that the installer is copied from; None if the base image has it.
        setup: the instructions for build stages that create a virtual environment.
        cache: the folder of the installer's cache.
        install: the command that installs into the virtual environment.
        install_into: the command that installs into an existing interpreter, `{python}`, with
            `{program}`.
        mounts_into: further mounts for `install_into`.
    """

    image: str | None
    setup: str
    cache: str
    install: str
    install_into: str
    program: str
    mounts_into: tuple[str, ...] = ()


# Bytecode is compiled during the build, since the image's user cannot write it. It is validated by
# the hash of the sources: time stamps are rewritten in reproducible builds.
TOOLS: Final[Mapping[Installer, Tool]] = {
    "uv": Tool(
        image=f"ghcr.io/astral-sh/uv:{_UV}",
        setup=(
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
            " {program} pip install --python {python} --break-system-packages --compile-bytecode"
            " --no-deps"
        ),
        program="/tmp/uv",  # noqa: S108 - a mount point in the container
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
            " {program} install --no-deps"
        ),
        program="{python} -m pip",
    ),
}


def tool_of(locked: LockedStage) -> Tool:
    """Return the installer of a stage's image, from the image that the stage names."""
    tool, image = TOOLS[locked.stage.image.installer], locked.stage.image.installer_image
    if image == "":
        return replace(tool, image=None, program="uv", mounts_into=())
    return replace(tool, image=image or tool.image)


def run(mounts: Iterable[str], commands: Iterable[str]) -> str:
    """Return the RUN instruction with these mounts that executes the commands in order."""
    return "RUN " + _NEXT.join([*mounts, f"{_NEXT}&& ".join(commands)])


def with_words(command: str, words: Iterable[str]) -> str:
    """Return a command with quoted arguments, each on a line of its own."""
    return f"{_NEXT}    ".join([command, *map(shlex.quote, words)])


def installer_mounts(locked: LockedStage) -> Iterator[str]:
    """Yield the mounts of every installer call: its cache, and credentials if needed."""
    yield f"--mount=type=cache,target={tool_of(locked).cache}"
    if needs_credentials(locked):
        yield f"--mount=type=secret,id=netrc,target={HOME}/.netrc"


def hashed_mounts(locked: LockedStage, path: PurePosixPath) -> Iterator[str]:
    """Yield the mounts of a requirements file, and of the local archives that it names."""
    origins = [package.origin for package in locked.packages]
    yield bind_mount(in_context(locked, path), _REQUIREMENTS)
    paths = {in_context(locked, each.path) for each in origins if isinstance(each, FileOrigin)}
    yield from (bind_mount(path, str(BUILD / path)) for path in sorted(paths))


def hashed_options(locked: LockedStage) -> str:
    """Return the options that install the requirements file; an empty string without packages."""
    hashed = [p for p in locked.packages if not isinstance(p.origin, DirectoryOrigin | GitOrigin)]
    if not hashed:
        return ""
    # If all packages have a wheel for the image, none may be built from source, even if the base
    # is another than its name indicates.
    wheels = ["--only-binary :all:"] * all(map(ImageWheels(locked).all_install, hashed))
    return " ".join(["--require-hashes", *wheels, *_strategy(locked), "-r", _REQUIREMENTS])


def constraint_mounts(locked: LockedStage) -> list[str]:
    """Return the mount of the build constraints, if a package that the image builds has some."""
    path = in_context(locked, build_constraints_path(locked))
    return [bind_mount(path, _CONSTRAINTS)] * _is_constrained(locked)


def constrained(command: str, locked: LockedStage) -> list[str]:
    """Return a command of the installer, with what makes it constrain builds.

    pip before 25.3 only constrains them by a variable, which a later pip uses otherwise.
    """
    if not _is_constrained(locked):
        return [command]
    option = f"--build-constraint {_CONSTRAINTS}"
    if locked.stage.image.installer == "uv":
        return [f"{command} {option}"]
    pip = shlex.quote(locked.stage.image.python or "python3")
    choice = (
        f"if {pip} -m pip install {option} --help > /dev/null 2>&1;{_NEXT}    then export"
        f" PIP_BUILD_CONSTRAINT={_CONSTRAINTS}; else export PIP_CONSTRAINT={_CONSTRAINTS}; fi"
    )
    return [choice, command]


def _is_constrained(locked: LockedStage) -> bool:
    names = {name for name, requirements in locked.build_constraints if requirements}
    return any(p.name in names and is_built(p, locked) for p in locked.packages)


def version_check(locked: LockedStage) -> str:
    """Return a Python program that fails on a Python version that the stage is not locked for."""
    allowed = ", ".join(map(str, python_minors(python_specifiers(image_python(locked)))))
    return f"import sys; assert sys.version_info[:2] in [{allowed}], sys.version"


def _strategy(locked: LockedStage) -> Iterator[str]:
    # By default uv only uses the first index that has a package. With hashes, all can be used
    # safely.
    if locked.stage.image.installer == "uv" and any(index.name for index in locked.indexes):
        yield "--index-strategy unsafe-best-match"
