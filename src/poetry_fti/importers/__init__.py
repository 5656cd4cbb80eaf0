"""Importers: files of other tools that describe an environment, read as stages.

An importer is pure but for the files that it is given to read: it neither writes nor runs anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Final

from poetry_fti.importers.conda.package_list import read_text_file
from poetry_fti.importers.json_file import read_json_file
from poetry_fti.importers.mlflow import read_model
from poetry_fti.importers.pip_commands import read_dockerfile, read_notebook
from poetry_fti.importers.pipfile import read_pipfile
from poetry_fti.importers.pixi.environment import pixi_environments, read_pixi
from poetry_fti.importers.projects.stage import likely_stages, read_project
from poetry_fti.importers.pylock import read_pylock
from poetry_fti.importers.setup_cfg import read_setup_cfg
from poetry_fti.importers.yaml_file import read_yaml_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poetry_fti.importers.source import Source
    from poetry_fti.model.imported import ImportedStage


@dataclass(frozen=True, slots=True)
class Importer:
    """A kind of file that can be imported.

    Attributes:
        names: patterns of the names of such files, which match names in any case.
        read: returns the environment of a file; raises FtiError if it is not valid.
        environments: returns the environments of a file that are likely stages, an empty list for
            a file with one environment.
        is_selective: whether a file may have several environments, of which a source names one.
    """

    names: tuple[str, ...]
    read: Callable[[Source], ImportedStage]
    environments: Callable[[Source], list[str]] = field(default=lambda _: [])
    is_selective: bool = False


# The first importer with a matching pattern reads a file.
IMPORTERS: Final[Mapping[str, Importer]] = {
    "yaml": Importer(("*.yml", "*.yaml"), read_yaml_file),
    "json": Importer(("*.json",), read_json_file),
    "mlflow": Importer(("MLmodel",), read_model),
    "pixi": Importer(("pixi.toml",), read_pixi, pixi_environments, is_selective=True),
    "setuptools": Importer(("setup.cfg",), read_setup_cfg, is_selective=True),
    "project": Importer(
        ("pyproject.toml", "hatch.toml", "uv.lock", "pdm.lock", "poetry.lock", "pixi.lock"),
        read_project,
        likely_stages,
        is_selective=True,
    ),
    "pylock": Importer(("pylock.toml", "pylock.*.toml"), read_pylock),
    "pipenv": Importer(("Pipfile", "Pipfile.lock"), read_pipfile, is_selective=True),
    "dockerfile": Importer(("Dockerfile", "Dockerfile.*", "*.dockerfile"), read_dockerfile),
    "notebook": Importer(("*.ipynb",), read_notebook),
    "requirements": Importer(("*.txt", "*.in"), read_text_file),
}


def importer_of(name: str) -> Importer | None:
    """Return the importer of a file with this name, None if there is none."""
    for importer in IMPORTERS.values():
        if any(fnmatch(name.lower(), pattern.lower()) for pattern in importer.names):
            return importer
    return None
