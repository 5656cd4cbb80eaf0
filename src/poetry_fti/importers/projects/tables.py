"""What a pyproject.toml declares in the tables of all tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.importers.hatch.groups import with_hatch
from poetry_fti.importers.projects.declared import Reader, read_standard
from poetry_fti.importers.projects.dynamic import with_dynamic
from poetry_fti.importers.projects.pdm import with_pdm
from poetry_fti.importers.projects.poetry import with_poetry
from poetry_fti.importers.projects.uv import with_uv
from poetry_fti.importers.shared.documents import read_toml

if TYPE_CHECKING:
    from poetry_fti.importers.projects.declared import Declared
    from poetry_fti.importers.source import Source


def declared_in(source: Source) -> Declared:
    """Return what the pyproject.toml and the hatch.toml in the folder of a source declare.

    Raises FtiError if a file is not valid, or there is neither.
    """
    path = source.path.with_name("pyproject.toml")
    has_hatch = source.files.has(source.path.with_name("hatch.toml"))
    data = read_toml(path, source.files) if source.files.has(path) or not has_hatch else {}
    reader = Reader(path, source.files)
    declared = read_standard(data, reader)
    for complete in (with_dynamic, with_uv, with_poetry, with_pdm, with_hatch):
        declared = complete(declared, data, reader)
    return declared
