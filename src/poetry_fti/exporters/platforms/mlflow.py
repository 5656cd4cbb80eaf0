"""Requirements and environments for MLflow models and projects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.exporters import StageExporter
from poetry_fti.exporters.platforms.conda_text import WIDTH, conda_environment, stage_python
from poetry_fti.exporters.platforms.paths import left_out_note, without_paths
from poetry_fti.exporters.shared.build_constraints import (
    build_constraint_files,
    build_constraints_note,
)
from poetry_fti.exporters.shared.header import header
from poetry_fti.exporters.shared.omissions import without_hashes
from poetry_fti.exporters.shared.pip_lines import hashed_or_none, pip_lines
from poetry_fti.exporters.shared.yaml_text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.model.lock import LockedStage

# Not requirements.txt, which has the hashes.
_REQUIREMENTS: Final = "requirements.mlflow.txt"
_CONDA: Final = "conda.yaml"
_PYTHON_ENV: Final = "python_env.yaml"
_REMEDY: Final = "log their code with code_paths"


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return requirements and the conda environment of a model, and the environment of a project.

    Those for a model have no hashes, since MLflow adds an `mlflow` without hashes to them, and no
    paths, which do not exist where the model is loaded. Raises FtiError if the stage allows no
    known version of Python.
    """
    model = without_hashes(without_paths(locked))
    lines = pip_lines(model)
    comments = [header(locked), *left_out_note(locked, _REMEDY)]
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


EXPORTER: Final = StageExporter(_REQUIREMENTS, files, can_omit_hashes=True, can_omit_markers=True)
