"""The instructions that install system packages and run the project's own commands."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from poetry_fti.exporters.docker.base_image import is_alpine
from poetry_fti.exporters.docker.instructions.sources import uses_git, uses_ssh

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry_fti.model.lock import LockedStage


def base_system(locked: LockedStage) -> Iterator[str]:
    """Yield the instructions of `run-before` and `apt`, which apply to builder and image."""
    image = locked.stage.image
    yield from _steps(locked, "run-before", image.run_before)
    if image.apt:
        yield _apt(image.apt)


def build_system(locked: LockedStage) -> Iterator[str]:
    """Yield the instruction that installs the system packages which only the builder needs."""
    git = ["ca-certificates", "git", *["openssh-client"] * uses_ssh(locked)] * uses_git(locked)
    own = locked.stage.image.build_apt
    if git and is_alpine(locked):
        yield f"# hadolint ignore=DL3018\nRUN apk add --no-cache {' '.join(git)}"
    elif git or own:
        named = {_name(package) for package in own}
        yield _apt([*own, *(package for package in git if package not in named)])


def last_steps(locked: LockedStage) -> Iterator[str]:
    """Yield the instructions of `run-after`, which run when packages and code are installed."""
    yield from _steps(locked, "run-after", locked.stage.image.run_after)


def _steps(locked: LockedStage, key: str, commands: Iterable[str]) -> Iterator[str]:
    reason = f"# Set by {locked.stage.image_key(key)}."
    for command in commands:
        yield f"{reason}\n# hadolint ignore=DL3059\nRUN {command}"


def _apt(packages: Iterable[str]) -> str:
    packages = sorted(packages)
    lines = [
        # Java packages fail without this folder, which Debian's slim images do not have.
        "RUN mkdir -p /usr/share/man/man1 \\",
        "    && apt-get update \\",
        "    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \\",
        *(f"        {shlex.quote(package)} \\" for package in packages),
        # Files with time stamps would make each build produce a different layer.
        "    && rm -rf /var/lib/apt/lists/* /var/cache/ldconfig/aux-cache /var/log/apt \\",
        "        /var/log/alternatives.log /var/log/dpkg.log",
    ]
    if not all("=" in package for package in packages):
        reason = "# A Debian release has one version of each package, so none is pinned."
        lines = [reason, "# hadolint ignore=DL3008", *lines]
    return "\n".join(lines)


def _name(package: str) -> str:
    return package.partition("=")[0].partition(":")[0]
