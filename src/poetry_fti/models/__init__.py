"""Model files and folders of many kinds. They are read, never loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.models.environments import bentoml, folder, mlflow
from poetry_fti.models.files import read_file
from poetry_fti.models.malformed import MalformedError
from poetry_fti.models.versions import with_valid_versions
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from poetry_fti.model.model_record import ModelRecord

# Kinds of folders, by the file that each has.
FOLDERS: Final[Mapping[str, Callable[[Path], ModelRecord]]] = {
    "MLmodel": mlflow.read_mlflow,
    "bento.yaml": bentoml.read_bento,
    "model.yaml": bentoml.read_bentoml_model,
    "environment.yml": folder.read_environment,
    "requirements.txt": folder.read_environment,
}


def read_model(path: Path) -> ModelRecord:
    """Return what a model file or a model folder records about its environment.

    Instead of a folder of MLflow or BentoML, its `MLmodel`, `bento.yaml` or `model.yaml` can be
    given. Raises FtiError if the model cannot be read, is damaged or is of no known kind.
    """
    if path.is_dir():
        return with_valid_versions(_read_folder(path))
    if path.name in FOLDERS and FOLDERS[path.name] is not folder.read_environment:
        return with_valid_versions(_read_folder(path.parent))
    record = read_file(path)
    if record is None:
        name = in_one_line(path.name)
        raise FtiError(f"{name} cannot be read as a model: its content is of no known kind.")
    return with_valid_versions(record)


def _read_folder(path: Path) -> ModelRecord:
    name = in_one_line(path.resolve().name or str(path))
    read = next((read for file, read in FOLDERS.items() if (path / file).exists()), None)
    if read is None:
        raise FtiError(f"The folder {name} cannot be read as a model: it has no {_names()}.")
    try:
        return read(path)
    except MalformedError as error:
        raise FtiError(f"The folder {name} cannot be read as a model: {error}.") from error


def _names() -> str:
    *names, last = FOLDERS
    return f"{', '.join(names)} or {last}"
