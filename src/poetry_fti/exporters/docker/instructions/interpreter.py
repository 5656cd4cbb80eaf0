"""The part of a Dockerfile that installs a stage's packages into a Python that the base brings."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from poetry_fti.exporters.docker.instructions.installers import (
    BUILD,
    hashed_mounts,
    hashed_options,
    mounts,
    run,
    tool_of,
    version_check,
    with_words,
)
from poetry_fti.exporters.docker.instructions.platform_check import check_platform
from poetry_fti.exporters.docker.instructions.sources import (
    has_sources,
    index_options,
    source_requirements,
    trees,
    trust,
    uses_ssh,
)
from poetry_fti.exporters.docker.layers.subsets import lower_parts, own_part
from poetry_fti.exporters.docker.quoting import bind_mount
from poetry_fti.model import FileOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import PurePosixPath

    from poetry_fti.model import LockedStage


def installer_stage(locked: LockedStage) -> Iterator[str]:
    """Yield the build stage that the installer comes from, if it has one."""
    tool = tool_of(locked)
    if tool.image:
        yield tool.image


def install_packages(locked: LockedStage) -> Iterator[str]:
    """Yield the instructions, the lowest layer's first."""
    yield from check_platform(locked)
    check = shlex.join([locked.stage.image.python or "", "-c", version_check(locked)])
    for part in (*lower_parts(locked), own_part(locked)):
        options = hashed_options(part.locked)
        if options:
            install = f"{_command(locked)} {options}"
            seen = [*_mounts(locked), *hashed_mounts(part.locked, part.path)]
            if any(isinstance(each.origin, FileOrigin) for each in part.locked.packages):
                there = run(seen, [check, f"cd {BUILD}", install])
                yield f"# Archives are named relative to it.\n# hadolint ignore=DL3003\n{there}"
            else:
                yield run(seen, [check, install])
    if has_sources(locked):
        words = [*index_options(locked), *source_requirements(locked)]
        ssh = ["--mount=type=ssh"] * uses_ssh(locked)
        seen = [*_mounts(locked), *ssh, *_writable(trees(locked), BUILD)]
        yield run(seen, [with_words(trust(locked) + _command(locked), words)])


def install_wheel(locked: LockedStage, sources: Iterable[PurePosixPath], folder: str) -> str:
    """Return the instruction that builds the project's wheel of its sources and installs it."""
    seen = [*_mounts(locked), *_writable(sources, folder)]
    return run(seen, [with_words(_command(locked), [*index_options(locked), folder])])


def _writable(paths: Iterable[PurePosixPath], folder: str) -> list[str]:
    # A build may write beside what it builds; nothing of it stays.
    return [bind_mount(path, f"{folder}/{path}", writable=True) for path in paths]


def _mounts(locked: LockedStage) -> list[str]:
    return [*mounts(locked), *tool_of(locked).mounts_into]


def _command(locked: LockedStage) -> str:
    python = shlex.quote(locked.stage.image.python or "")
    return tool_of(locked).install_into.format(python=python)
