"""Reading the files of a model folder, none of which is outside of the folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.model.model_record import ModelRecord
from poetry_fti.models.environments.yaml_documents import read_yaml
from poetry_fti.models.files import read_file
from poetry_fti.models.malformed import MalformedError
from poetry_fti.models.stream import MIB, open_regular, read_text
from poetry_fti.reading import is_inside
from poetry_fti.wording import in_one_line, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import TypeVar

    from poetry_fti.models.environments.yaml_documents import Yaml

    Value = TypeVar("Value")

_LARGEST_YAML: Final = 2 * MIB
_CONDA_FILES: Final = ("conda.yaml", "environment.yml", "environment.yaml")


def read_environment(folder: Path) -> ModelRecord:
    """Return what the requirements and the conda environment in a folder record.

    Raises FtiError if one cannot be read, and MalformedError if none is of a known kind.
    """
    names = ["requirements.txt", *_CONDA_FILES]
    found = records(folder, names)
    if not found:
        own = joined(name for name in names if (folder / name).exists())
        raise MalformedError(f"the content of its {own} is of no known kind")
    return combined("environment", found)


def records(folder: Path, names: Iterable[str]) -> dict[str, ModelRecord]:
    """Return the record of each of some files that exists in a folder and is of a known kind.

    Raises FtiError if one cannot be read, and MalformedError if it is outside of the folder.
    """
    found = {name: _record(folder, name) for name in names}
    return {name: record for name, record in found.items() if record is not None}


def _record(folder: Path, name: str) -> ModelRecord | None:
    path = folder / name
    _require_inside(folder, name)
    return read_file(path) if path.is_file() else None


def _require_inside(folder: Path, name: str) -> None:
    if not is_inside(folder / name, folder):
        raise MalformedError(f"its file {in_one_line(name)} is outside of the folder")


def document(folder: Path, name: str) -> dict[str, Yaml]:
    """Return a YAML file of a folder.

    Raises FtiError if it cannot be read, and MalformedError if it is outside of the folder.
    """
    _require_inside(folder, name)
    try:
        with open_regular(folder / name) as file:
            return read_yaml(read_text(file, _LARGEST_YAML))
    except MalformedError as error:
        raise FtiError(f"{name} cannot be read as a model: {error}.") from error
    except OSError as error:
        raise FtiError(f"{name} cannot be read: {error.strerror or error}.") from error


def combined(kind: str, parts: Mapping[str, ModelRecord]) -> ModelRecord:
    """Return one record of the records of files; where they differ, the first one counts."""
    found = list(parts.values())
    versions: dict[str, str] = {}
    sources: dict[str, str] = {}
    for name, part in parts.items():
        new = {each: part.versions[each] for each in part.versions if each not in versions}
        versions |= new
        sources |= dict.fromkeys(new, name)
    unsafe = {each for part in found for each in part.unsafe}
    packages = {each for part in found for each in part.packages}
    return ModelRecord(
        kind=kind,
        python=_first(part.python for part in found),
        versions=dict(sorted(versions.items())),
        sources=dict(sorted(sources.items())),
        packages=tuple(sorted(packages - versions.keys())),
        implied=_merged(part.implied for part in found),
        formats=_merged(part.formats for part in found),
        globals=tuple(sorted({each for part in found for each in part.globals})),
        unsafe=tuple(sorted(unsafe)),
        opsets=_merged(part.opsets for part in found),
        ir_version=_first(part.ir_version for part in found),
        producer=_first(part.producer for part in found),
        stamp=_first(part.stamp for part in found),
    )


def _first(values: Iterable[Value | None]) -> Value | None:
    return next((each for each in values if each is not None), None)


def _merged(mappings: Iterable[Mapping[str, Value]]) -> dict[str, Value]:
    merged: dict[str, Value] = {}
    for each in mappings:
        merged = {**each, **merged}
    return dict(sorted(merged.items()))
