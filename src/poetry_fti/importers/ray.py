"""Runtime environments of Ray: packages of pip, uv or conda, and environment variables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from poetry_fti.importers.conda.environment import environment_of, variables
from poetry_fti.importers.requirements.stage import read_stage, stage_of_text
from poetry_fti.importers.shared.combine import combined
from poetry_fti.importers.shared.paths import path_in
from poetry_fti.importers.source import Source
from poetry_fti.model.imported import ImportedStage
from poetry_fti.models.environments.yaml_documents import mapping, sequence, string

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.models.environments.yaml_documents import Yaml

_PIP: Final = ("pip", "uv")
_LEFT_OUT: Final = ("working_dir", "py_modules", "image_uri", "container")


def is_runtime_env(document: Mapping[str, Yaml]) -> bool:
    """Return whether a YAML document is a runtime environment of Ray."""
    return "dependencies" not in document and not {*_PIP, "conda"}.isdisjoint(document)


def runtime_env(document: Mapping[str, Yaml], source: Source) -> ImportedStage:
    """Return the environment that a document describes; raises FtiError if it is not valid."""
    stages = [stage for key in _PIP if key in document for stage in _of_pip(document[key], source)]
    conda = mapping(document.get("conda"))
    if conda:
        stages.append(environment_of(conda, source))
    stage = combined(stages) if stages else ImportedStage()
    notes = [
        f"{source.name}: `{key}` was left out. Add packages of your own with `poetry fti add`."
        for key in _LEFT_OUT
        if key in document
    ]
    if string(document.get("conda")):
        notes.append(f"{source.name}: `conda` names an environment. Import its environment.yml.")
    env = (*stage.env, *variables(document.get("env_vars")))
    return replace(stage, env=env, notes=(*stage.notes, *notes))


def _of_pip(value: Yaml, source: Source) -> Iterator[ImportedStage]:
    """Yield the environment of a list of requirements, of a table with one, or of a file."""
    if isinstance(value, str):
        yield read_stage(Source(path_in(source.path.parent, value), source.files))
        return
    found = value if isinstance(value, list) else mapping(value).get("packages", [])
    if isinstance(found, str):
        yield from _of_pip(found, source)
        return
    lines = [each for each in sequence(found) if isinstance(each, str)]
    yield stage_of_text("\n".join(lines), source.path, source.files, f"{source.name}, pip")
