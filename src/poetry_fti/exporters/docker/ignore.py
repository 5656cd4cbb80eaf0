"""What a stage's image build may see of the project."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.docker.quoting import context_path
from poetry_fti.exporters.header import header
from poetry_fti.model import DirectoryOrigin, FileOrigin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.model import LockedStage

# They stand last, so that they win over whatever is allowed above them.
_DENIED: Final = """\
# Never in an image: version control, caches and other leavings, secrets.
**/.git
**/.venv*
**/__pycache__
**/*.py[cod]
**/*.egg-info
**/.ipynb_checkpoints
**/.coverage*
**/.hypothesis
**/.mypy_cache
**/.nox
**/.pytest_cache
**/.ruff_cache
**/.tox
**/.DS_Store
**/.idea
**/.vscode
**/node_modules
**/.aws
**/.azure
**/.docker
**/.env*
**/.git-credentials
**/.gnupg
**/.kube
**/.netrc
**/_netrc
**/.pypirc
**/.ssh
**/id_dsa*
**/id_ecdsa*
**/id_ed25519*
**/id_rsa*
**/*.jks
**/*.key
**/*.p12
**/*.pem
**/*.pfx
"""


def render(locked: LockedStage) -> str:
    """Return the text of Dockerfile.dockerignore: what is not needed stays out of the build."""
    lines = list(_allowed(locked) if own_packages(locked) else _everything(locked))
    return "\n".join([header(locked), "", *lines, "", _DENIED])


def own_packages(locked: LockedStage) -> tuple[PurePosixPath, ...]:
    """Return the project's own packages; none where its whole tree is its code."""
    packages = locked.code.packages
    return () if PurePosixPath() in packages else packages


def let_in(locked: LockedStage) -> list[PurePosixPath]:
    """Return the paths that are named because the build needs them, whatever is in its way.

    Where the whole tree is the project's code, all else is seen but the folder of the stages.
    """
    requirements = locked.folder / "requirements.txt"
    if own_packages(locked):
        return sorted({*own_packages(locked), requirements, *_local(locked), *_copied(locked)})
    stages = [path for path in _copied(locked) if path.is_relative_to(locked.folder.parent)]
    return sorted({requirements, *stages})


def _allowed(locked: LockedStage) -> Iterator[str]:
    yield "*"
    yield from (f"!{context_path(path)}" for path in let_in(locked))


def _everything(locked: LockedStage) -> Iterator[str]:
    yield f"{context_path(locked.folder.parent)}/*"
    yield from (f"!{context_path(path)}" for path in let_in(locked))


def denied_by(path: PurePosixPath) -> str | None:
    """Return the pattern that keeps a path out of every build."""
    patterns = (line for line in _DENIED.splitlines() if line.startswith("**/"))
    for pattern in patterns:
        if any(fnmatchcase(part, pattern.removeprefix("**/")) for part in path.parts):
            return pattern
    return None


def seen(locked: LockedStage) -> list[PurePosixPath]:
    """Return the paths that, with what is below them and not kept out, the build sees."""
    return let_in(locked) if own_packages(locked) else [PurePosixPath(), *let_in(locked)]


def keeps_out(locked: LockedStage, path: PurePosixPath) -> bool:
    """Tell whether the build does not see a path below one that it sees."""
    return denied_by(path) is not None or path == locked.folder.parent


def _copied(locked: LockedStage) -> Iterator[PurePosixPath]:
    return (source for source, _ in locked.stage.image.copy)


def _local(locked: LockedStage) -> Iterator[PurePosixPath]:
    for package in locked.packages:
        if isinstance(package.origin, DirectoryOrigin | FileOrigin):
            yield package.origin.path
