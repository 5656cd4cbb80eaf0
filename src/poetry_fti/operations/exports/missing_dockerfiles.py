"""Finds exported files that refer to the Dockerfile of a stage, which no export has written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePosixPath

    from poetry_fti.operations.project import Project


def missing_dockerfiles(project: Project, texts: Mapping[PurePosixPath, str]) -> Iterator[str]:
    """Yield a warning for each stage whose Dockerfile is neither exported nor on disk.

    `texts` are the exported files by their paths relative to the root. A stage whose Dockerfile
    none of them names is left out.
    """
    for stage in project.stages:
        path = stage.folder / "Dockerfile"
        if path in texts or (project.root / path).exists():
            continue
        names = [str(file) for file, text in texts.items() if _names(text, str(path))]
        if names:
            verb = "refers" if len(names) == 1 else "refer"
            yield (
                f"{joined(names)} {verb} to {path}, which does not exist."
                f" Write it with `poetry fti export {stage.name} --format dockerfile`."
            )


def _names(text: str, path: str) -> bool:
    """Return whether a text contains a path, other than at the beginning of a longer one."""
    return any(not rest.startswith(".") for rest in text.split(path)[1:])
