"""Requirements that a pyproject.toml declares as dynamic: those in files that it names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poetry_fti.importers.requirements.stage import read_stage
from poetry_fti.importers.shared.combine import combined
from poetry_fti.importers.shared.documents import string, strings, table
from poetry_fti.importers.shared.paths import path_in
from poetry_fti.importers.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.importers.projects.declared import Declared, Reader
    from poetry_fti.model.imported import ImportedStage


def with_dynamic(declared: Declared, data: Mapping[str, Any], reader: Reader) -> Declared:
    """Return what a project declares with the requirements in files that setuptools or Hatch read.

    Raises FtiError if a file is missing or not valid.
    """
    dynamic = set(strings(table(data, "project").get("dynamic")))
    notes = list(declared.notes)
    if "dependencies" in dynamic:
        files = list(_main_files(data))
        main = _read(files, reader)
        declared = replace(declared, main=main.requirements, indexes=main.indexes)
        notes += main.notes
        if not files and not table(data, "tool", "poetry"):
            notes.append(
                f"{reader.files.shown(reader.path)}: the dependencies are dynamic, and were left"
                " out. Import the file that they come from."
            )
    if "optional-dependencies" in dynamic:
        extras = {
            name: _read(_files(value), reader).requirements
            for name, value in table(
                data, "tool", "setuptools", "dynamic", "optional-dependencies"
            ).items()
        }
        declared = replace(
            declared,
            groups={**declared.groups, **extras},
            extras={**declared.extras, **extras},
        )
    return replace(declared, notes=tuple(notes))


def _main_files(data: Mapping[str, Any]) -> Iterator[str]:
    yield from _files(table(data, "tool", "setuptools", "dynamic").get("dependencies"))
    hook = table(data, "tool", "hatch", "metadata", "hooks", "requirements_txt")
    yield from strings(hook.get("files"))
    yield from filter(None, [string(hook.get("filename"))])


def _files(value: object) -> Iterator[str]:
    files = table(value).get("file")
    yield from strings([files] if isinstance(files, str) else files)


def _read(names: Iterator[str] | list[str], reader: Reader) -> ImportedStage:
    folder = reader.path.parent
    return combined([read_stage(Source(path_in(folder, name), reader.files)) for name in names])
