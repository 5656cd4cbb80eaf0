"""What a pyproject.toml declares in the tables of all tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.importers.projects.declared import Reader, read_standard
from poetry_fti.importers.projects.hatch import with_hatch
from poetry_fti.importers.projects.pdm import with_pdm
from poetry_fti.importers.projects.poetry import with_poetry
from poetry_fti.importers.projects.uv import with_uv
from poetry_fti.importers.shared.documents import read_toml

if TYPE_CHECKING:
    from poetry_fti.importers.projects.declared import Declared
    from poetry_fti.importers.source import Source


def declared_in(source: Source) -> Declared:
    """Return what the pyproject.toml in the folder of a source declares; raises FtiError."""
    path = source.path.with_name("pyproject.toml")
    data, reader = read_toml(path, source.files), Reader(path, source.files)
    declared = read_standard(data, reader)
    for complete in (with_uv, with_poetry, with_pdm, with_hatch):
        declared = complete(declared, data, reader)
    return declared
