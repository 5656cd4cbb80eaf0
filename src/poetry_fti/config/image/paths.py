"""The keys of `[tool.fti.stages.<stage>.image]` that name files of the project."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti.config.names import UNUSABLE

if TYPE_CHECKING:
    from poetry_fti.config.table import Table

# Characters that a path in a Dockerfile cannot contain on every operating system.
_UNUSABLE: Final = rf"[{UNUSABLE}\[\]]|^\s|\s$"


def read_template(table: Table) -> PurePosixPath | None:
    """Return the path of the Dockerfile's template in the project; None for the built-in one."""
    return _file(table, "template", "docker/inference.Dockerfile")


def read_dockerfile(table: Table) -> PurePosixPath | None:
    """Return the path of the Dockerfile that builds the base image; None without one."""
    if "dockerfile" in table and "base" in table:
        table.wrong("dockerfile", 'replaces "base"; remove one of the two')
    return _file(table, "dockerfile", "docker/base.Dockerfile")


def read_context(table: Table) -> PurePosixPath:
    """Return the folder of the build context relative to the project, by default its own."""
    text = table.string("context")
    path = PurePosixPath(text or "")
    if text is not None and set(path.parts) != {".."}:
        table.wrong("context", f'"{text}" must be a folder above the project, such as "../.."')
    return path


def _file(table: Table, key: str, example: str) -> PurePosixPath | None:
    text = table.string(key)
    if text is None:
        return None
    path = PurePosixPath(text)
    if not _is_inside(path):
        table.wrong(key, f'"{text}" must be a file inside the project, such as "{example}"')
    return path


def read_certificates(table: Table) -> tuple[PurePosixPath, ...]:
    """Return the paths of certificates in the project, whose copies in the image need names."""
    key = "ca-certificates"
    paths = [PurePosixPath(text) for text in table.distinct(key) or ()]
    for index, path in enumerate(paths):
        if not _is_inside(path):
            message = f'"{path}" must be a file inside the project, such as "certs/acme.pem"'
            table.wrong(key, message, index=index)
        elif path.stem in (other.stem for other in paths[:index] if other != path):
            message = f'"{path}" has the name of another certificate; rename one of them'
            table.wrong(key, message, index=index)
    return tuple(paths)


def read_copy(table: Table) -> tuple[tuple[PurePosixPath, PurePosixPath], ...]:
    """Return pairs of a path in the project and the path of its copy in the image."""
    pairs = table.pairs("copy")
    paths = table.child({}, "copy", keys=())
    found: dict[PurePosixPath, PurePosixPath] = {}
    for name, text in pairs:
        source, target = PurePosixPath(name), PurePosixPath(text)
        if not _is_inside(source):
            paths.wrong(name, 'must be a file or a folder inside the project, such as "models"')
        if text.endswith("/"):
            paths.wrong(name, f'"{text}" ends in "/"; give the whole path of the copy')
        elif target == PurePosixPath("/") or not _is_usable(target):
            paths.wrong(name, f'"{text}" is not a path in an image such as "/srv/models"')
        elif target in found.values():
            paths.wrong(name, f'"{text}" is already the path of another copy')
        found[source] = target
    return tuple(found.items())


def _is_inside(path: PurePosixPath) -> bool:
    return _is_usable(path) and not path.is_absolute()


def _is_usable(path: PurePosixPath) -> bool:
    return bool(path.parts) and ".." not in path.parts and not re.search(_UNUSABLE, str(path))
