"""Which files are for which stages, and what commands of pip install."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Final

import pytest

from imported_files import imported, requirements
from poetry_fti.errors import FtiError
from poetry_fti.importers.discovery import Candidate, propose, rank
from poetry_fti.importers.kinds import kind_by_name, kind_by_packages

DOCKERFILE: Final = """\
FROM python:3.11-slim
RUN apt-get update && apt-get install -y gcc \\
    # a comment
    && pip install --no-cache-dir --upgrade pip && \\
    pip3 install -U "fastapi[standard]>=0.110" \\
      --extra-index-url https://pypi.example.org/simple \\
      -r /app/requirements.txt
COPY . /app
RUN ["python", "-m", "pip", "install", "uvicorn==0.30.6", "--target", "/x"]
RUN --mount=type=cache,target=/cache uv pip install torch ; echo pip install is done
CMD ["pip", "install", "never"]
"""


def candidate(path: str, *packages: str, environment: str = "") -> Candidate:
    return Candidate(
        PurePosixPath(path),
        frozenset(packages),  # type: ignore[arg-type]
        environment,
    )


def proposed(*candidates: Candidate) -> tuple[dict[str, str], dict[str, str]]:
    proposals, rest = propose(candidates)
    return (
        {each.stage: f"{each.candidate} ({each.kind}): {each.reason}" for each in proposals},
        {str(each.candidate): each.reason for each in rest},
    )


def test_a_stage_for_each_kind() -> None:
    assert proposed(
        candidate("requirements-train.txt", "numpy"),
        candidate("requirements-serving.txt", "numpy"),
        candidate("environment.yml", "pyspark"),
        candidate("requirements-dev.txt", "pytest"),
        candidate("requirements.txt", "numpy"),
        candidate("train.ipynb", "torch"),
    ) == (
        {
            "feature": "environment.yml (feature): it contains pyspark",
            "inference": "requirements-serving.txt (inference): its name",
            "training": "requirements-train.txt (training): its name",
        },
        {
            "requirements.txt": "neither its name nor its packages show its kind",
            "requirements-dev.txt": "for development",
            "train.ipynb": "requirements-train.txt is for the same stage",
        },
    )


def test_stages_of_one_kind_are_named_after_their_folders() -> None:
    assert proposed(
        candidate("services/api/requirements.txt"),
        candidate("services/batch/requirements.txt", "fastapi"),
        candidate("training/requirements/base.txt"),
        candidate("pixi.toml", "torch", environment="cuda"),
    )[0] == {
        "services-api-inference": ('services/api/requirements.txt (inference): its name has "api"'),
        "services-batch-inference": (
            "services/batch/requirements.txt (inference): it contains fastapi"
        ),
        "training": "pixi.toml:cuda (training): it contains torch",
        "training-2": 'training/requirements/base.txt (training): its name has "training"',
    }


def test_files_that_may_describe_environments() -> None:
    names = "uv.lock requirements.txt requirements/train.in env/environment.gpu.yml MLmodel"
    assert all(rank(PurePosixPath(name)) is not None for name in names.split())
    assert rank(PurePosixPath("docs/notes.txt")) is None
    assert rank(PurePosixPath("compose.yml")) is None


def test_kinds() -> None:
    assert kind_by_name("model-serving_v2") == "inference"
    assert kind_by_name("ETL") == "feature"
    assert kind_by_name("constraint") is None
    assert kind_by_packages(["torch", "fastapi"]) == "inference"  # type: ignore[list-item]
    assert kind_by_packages(["numpy"]) is None  # type: ignore[list-item]


def test_a_dockerfile() -> None:
    stage = imported(
        "docker/Dockerfile.api", {"docker/Dockerfile.api": DOCKERFILE, "requirements.txt": "lib\n"}
    )
    assert requirements(stage) == [
        "fastapi[standard]>=0.110",
        "lib",
        "uvicorn==0.30.6",
        "torch",
    ]
    assert [each.url for each in stage.indexes] == ["https://pypi.example.org/simple"]
    with pytest.raises(FtiError) as error:
        imported("Dockerfile", "FROM x\nRUN echo\n")
    assert str(error.value) == "Dockerfile has no command of pip that installs a package."
    with pytest.raises(FtiError, match="is not a command"):
        imported("Dockerfile", "FROM x\nRUN pip install 'x\n")
    with pytest.raises(FtiError, match="There is no file gone"):
        imported("Dockerfile", "FROM x\nRUN pip install -r gone\n")


def test_a_notebook() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["%pip install never\n"]},
        {
            "cell_type": "code",
            "source": ["import os\n", "%pip install -q torch==2.1.0 'x>=1'  # why\n"],
        },
        {"cell_type": "code", "source": "!python -m pip install tqdm\nprint('pip install no')"},
    ]
    stage = imported("train.ipynb", json.dumps({"cells": cells}))
    assert requirements(stage) == ["torch==2.1.0", "x>=1", "tqdm"]


def test_a_notebook_that_runs_pip_of_its_own_python() -> None:
    cells = [
        {"cell_type": "code", "source": "!{sys.executable} -m pip install scipy && echo done"},
        {"cell_type": "code", "source": '!"{sys.executable}" -m pip install tqdm'},
        {"cell_type": "code", "source": "!$(which python3) -m pip install lib"},
    ]
    stage = imported("train.ipynb", json.dumps({"cells": cells}))
    assert requirements(stage) == ["scipy", "tqdm", "lib"]


def test_a_model_is_for_inference_with_all_files_of_its_folder() -> None:
    assert proposed(
        candidate("model/requirements.txt", "mlflow", "scikit-learn"),
        candidate("model/conda.yaml", "mlflow"),
        candidate("model/MLmodel", "mlflow", "scikit-learn"),
    ) == (
        {"inference": "model/MLmodel (inference): it is a model, which inference loads"},
        {
            "model/requirements.txt": "model/MLmodel is of the same model",
            "model/conda.yaml": "model/MLmodel is of the same model",
        },
    )


def test_a_here_document() -> None:
    text = """\
FROM x
RUN <<EOF
pip install numpy
pip install \\
  scipy
EOF
RUN cat <<-"END" > x && pip install torch
    pip3 install lib
    END
EOF pip install never
"""
    assert requirements(imported("Dockerfile", text)) == ["numpy", "scipy", "torch", "lib"]


def test_a_cell_of_a_shell() -> None:
    cells = [
        {"cell_type": "code", "source": "%%bash\npip install numpy \\\n  scipy\n"},
        {"cell_type": "code", "source": ["%pip install \\\n", "  tqdm\n", "pip install never"]},
    ]
    stage = imported("train.ipynb", json.dumps({"cells": cells}))
    assert requirements(stage) == ["numpy", "scipy", "tqdm"]


@pytest.mark.parametrize(
    "command", ["RUN conda install -y gdal", "RUN x && /opt/conda/bin/mamba env update -f e.yml"]
)
def test_what_conda_installs_is_pointed_out(command: str) -> None:
    stage = imported("Dockerfile", f"FROM x\n{command}\nRUN pip install lib\n")
    assert requirements(stage) == ["lib"]
    assert stage.notes == (
        (
            "Dockerfile: what conda installs was not imported. Import its environment.yml, or add"
            " the packages with `poetry fti add`."
        ),
    )
    assert imported("Dockerfile", "RUN pip install lib  # not conda\n").notes == ()


@pytest.mark.parametrize(
    "lines",
    [
        "COPY req/api.txt /tmp/requirements.txt\nRUN pip install -r /tmp/requirements.txt",
        "COPY --chown=me ./req/api.txt ./all.txt\r\nRUN pip install -r all.txt",
        'ADD ["req/api.txt", "/app/all.txt"]\nWORKDIR /app\nRUN pip install -r all.txt',
        "RUN --mount=type=bind,src=req/api.txt,dst=/tmp/r.txt \\\n  pip install -r /tmp/r.txt",
        "COPY req/api.txt /app/\nRUN pip install -r /app/api.txt",
    ],
)
def test_a_file_that_a_dockerfile_renames(lines: str) -> None:
    files: dict[str, str | bytes] = {"Dockerfile": f"FROM x\n{lines}\n", "req/api.txt": "lib\n"}
    if lines.endswith("/app/api.txt"):
        files["api.txt"] = files.pop("req/api.txt")
    assert requirements(imported("Dockerfile", files)) == ["lib"]
