"""Requirements and environments for MLflow models and projects."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters import StageExporter
from poetry_fti.exporters.platforms.conda_text import WIDTH, conda_environment, stage_python
from poetry_fti.exporters.shared.build_constraints import (
    build_constraint_files,
    build_constraints_note,
)
from poetry_fti.exporters.shared.header import header
from poetry_fti.exporters.shared.omissions import without_hashes
from poetry_fti.exporters.shared.pip_lines import hashed_or_none, pip_lines
from poetry_fti.exporters.shared.yaml_text import yaml_text
from poetry_fti.model import DirectoryOrigin, FileOrigin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.model import LockedStage

# Not requirements.txt, which has the hashes.
_REQUIREMENTS: Final = "requirements.mlflow.txt"
_CONDA: Final = "conda.yaml"
_PYTHON_ENV: Final = "python_env.yaml"


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return requirements and the conda environment of a model, and the environment of a project.

    Those for a model have no hashes, since MLflow adds an `mlflow` without hashes to them, and no
    paths, which do not exist where the model is loaded. Raises FtiError if the stage allows no
    known version of Python.
    """
    model = without_hashes(_without_paths(locked))
    lines = pip_lines(model)
    comments = [header(locked), *_left_out(locked)]
    conda = conda_environment(locked, f"={stage_python(locked)}", lines)
    python_env = {
        "python": str(stage_python(locked)),
        "dependencies": pip_lines(hashed_or_none(locked)),
    }
    return {
        _REQUIREMENTS: "\n".join([*comments, *build_constraints_note(model), *lines, ""]),
        _CONDA: "\n".join([*comments, yaml_text(conda, width=WIDTH)]),
        _PYTHON_ENV: f"{header(locked)}\n{yaml_text(python_env, width=WIDTH)}",
        **build_constraint_files(locked),
    }


def _without_paths(locked: LockedStage) -> LockedStage:
    return replace(
        locked,
        packages=tuple(
            package
            for package in locked.packages
            if not isinstance(package.origin, DirectoryOrigin | FileOrigin)
        ),
    )


def _left_out(locked: LockedStage) -> Iterator[str]:
    """Yield a comment on the packages that are paths of the project."""
    kept = _without_paths(locked).packages
    names = sorted({package.name for package in locked.packages if package not in kept})
    if names:
        yield f"# Paths are left out; log their code with code_paths: {', '.join(names)}"


EXPORTER: Final = StageExporter(_REQUIREMENTS, files, can_omit_hashes=True, can_omit_markers=True)
