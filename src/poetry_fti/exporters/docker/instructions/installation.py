"""The instructions that install packages: into a virtual environment, or the base's Python."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.docker.base_image import image_python
from poetry_fti.exporters.docker.context.location import in_context
from poetry_fti.exporters.docker.instructions.installers import (
    BUILD,
    LAYER,
    constrained,
    constraint_mounts,
    hashed_mounts,
    hashed_options,
    installer_mounts,
    run,
    tool_of,
    version_check,
    with_words,
)
from poetry_fti.exporters.docker.instructions.sources import (
    index_options,
    source_requirements,
    trees,
    trust,
    uses_ssh,
)
from poetry_fti.exporters.docker.quoting import bind_mount
from poetry_fti.exporters.shared.pip_lines import is_tree
from poetry_fti.model.origins import FileOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import PurePosixPath

    from poetry_fti.exporters.docker.layers.subsets import PackageSubset
    from poetry_fti.model.lock import LockedStage

# A layer that is copied to the root includes all folders above its files. If the engine created
# one of these, its time stamp would depend on what is in the image already, and so would the layer.
_MOVE_TO_LAYER: Final = f"mkdir -p {LAYER}/opt && mv /opt/venv {LAYER}/opt/"
_RELATIVE_PATHS: Final = "# Archives are named relative to this folder.\n# hadolint ignore=DL3003"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Where packages are installed: the installer's command, and the commands around each call."""

    command: str
    mounts: tuple[str, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def run(self, commands: Iterable[str], mounts: Iterable[str] = ()) -> str:
        return run([*self.mounts, *mounts], [*self.before, *commands, *self.after])


def _target(locked: LockedStage) -> _Target:
    tool, python = tool_of(locked), locked.stage.image.python
    mounts = tuple(installer_mounts(locked))
    if python:
        program = tool.program.format(python=shlex.quote(python))
        command = tool.install_into.format(python=shlex.quote(python), program=program)
        return _Target(command=command, mounts=(*mounts, *tool.mounts_into))
    before = tuple(_create_environment(locked))
    return _Target(command=tool.install, mounts=mounts, before=before, after=(_MOVE_TO_LAYER,))


def _create_environment(locked: LockedStage) -> Iterator[str]:
    python = image_python(locked)
    if locked.stage.image.installer == "uv":
        yield shlex.join(["uv", "venv", *(["--python", python] if python else []), "/opt/venv"])
        return
    yield shlex.join(["python3", "-c", version_check(locked)])
    yield "python3 -m venv --without-pip /opt/venv"


def install_requirements(subset: PackageSubset) -> Iterator[str]:
    """Yield the instruction that installs a subset's requirements file, whose hashes are checked.

    Without requirements, a virtual environment is still created; the base's Python is left alone.
    """
    locked, python = subset.locked, subset.locked.stage.image.python
    target, options = _target(locked), hashed_options(locked)
    if options:
        checks = [shlex.join([python, "-c", version_check(locked)])] if python else []
        install = constrained(f"{target.command} {options}", locked)
        mounts = [*hashed_mounts(locked, subset.path), *constraint_mounts(locked)]
        if python and any(isinstance(each.origin, FileOrigin) for each in locked.packages):
            folder = shlex.quote(build_folder(locked))
            instruction = target.run([*checks, f"cd {folder}", *install], mounts)
            yield f"{_RELATIVE_PATHS}\n{instruction}"
        else:
            yield target.run([*checks, *install], mounts)
    elif not python:
        yield run([], [*target.before, *target.after])


def install_sources(locked: LockedStage) -> str:
    """Return the instruction that installs source trees and git repositories, which have no hash.

    The trees have to be in /build for a virtual environment; for the base's Python they are
    mounted there.
    """
    target = _target(locked)
    built = replace(locked, packages=tuple(filter(is_tree, locked.packages)))
    mounts = [*["--mount=type=ssh"] * uses_ssh(locked), *constraint_mounts(built)]
    if locked.stage.image.python:
        mounts += _writable(tree_locations(locked))
    words = [*index_options(locked), *source_requirements(locked)]
    *setup, command = constrained(target.command, built)
    return target.run([*setup, with_words(trust(locked) + command, words)], mounts)


def install_project(locked: LockedStage, folder: str, sources: Iterable[PurePosixPath]) -> str:
    """Return the instruction that builds and installs the project's own wheel in a folder.

    Its sources have to be in the folder for a virtual environment; for the base's Python they are
    mounted there.
    """
    target = _target(locked)
    # uv always rebuilds a folder that is named on its command line, whatever its cache contains.
    words = [*index_options(locked), folder]
    if locked.stage.image.python:
        locations = [(in_context(locked, path), f"{folder}/{path}") for path in sources]
        return target.run([with_words(target.command, words)], _writable(locations))
    return target.run([" ".join([target.command, *map(shlex.quote, words)])])


def build_folder(locked: LockedStage) -> str:
    """Return the project's folder in the build stages, which local requirements are relative to."""
    return str(BUILD / in_context(locked))


def tree_locations(locked: LockedStage) -> list[tuple[PurePosixPath, str]]:
    """Return the paths of source trees in the build context, and in the build stages."""
    paths = [in_context(locked, path) for path in trees(locked)]
    return [(path, str(BUILD / path)) for path in paths]


def _writable(locations: Iterable[tuple[PurePosixPath, str]]) -> list[str]:
    # A build may write files next to its sources; they are discarded with the mount.
    return [bind_mount(source, target, writable=True) for source, target in locations]
