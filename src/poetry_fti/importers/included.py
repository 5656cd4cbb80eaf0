"""The files that requirements files and conda environments include."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.importers.conda.environment import pip_section
from poetry_fti.importers.requirements.entries import included_files, read_text
from poetry_fti.importers.yaml_file import yaml_document
from poetry_fti.models.environments.yaml_documents import sequence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePath

    from poetry_fti.importers.source import Source


def included_by(source: Source) -> Iterator[tuple[PurePath, bool]]:
    """Yield the files that a file includes itself, and whether as constraints.

    Raises FtiError if the file is not valid.
    """
    name = source.path.name.lower()
    if name.endswith((".txt", ".in")):
        text = read_text(source.path, source.files)
    elif name.endswith((".yml", ".yaml")):
        text = pip_section(sequence(yaml_document(source).get("dependencies")))
    else:
        return
    yield from included_files(text, source.path, source.name)
