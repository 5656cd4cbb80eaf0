"""Model folders of real tools, lists of packages, and hostile ones."""

from __future__ import annotations

import os
import pickle
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import examples
from poetry_fti.errors import FtiError
from poetry_fti.model.model_record import ModelRecord, Stamp
from poetry_fti.models import read_model
from poetry_fti.models.environments.conda import is_conda, read_conda
from poetry_fti.models.environments.requirements import is_requirements, read_requirements
from poetry_fti.models.malformed import MalformedError

MODELS: Final = Path(__file__).parents[3] / "fixtures" / "models"
STAMP: Final = Stamp("sha256:" + "5e" * 32, "training", "c0" * 20)
LINEAR: Final = (
    "sklearn.linear_model._logistic.LogisticRegression",
    "sklearn.pipeline.Pipeline",
    "sklearn.preprocessing._data.StandardScaler",
)


def test_sklearn_in_mlflow_2() -> None:
    assert read_model(MODELS / "2024/mlflow-sklearn") == ModelRecord(
        kind="mlflow",
        python="3.11.7",
        versions={
            "joblib": "1.6.0",
            "mlflow": "2.22.5",
            "numpy": "1.26.4",
            "scikit-learn": "1.5.2",
        },
        sources={
            "joblib": "requirements.txt",
            "mlflow": "MLmodel",
            "numpy": "requirements.txt",
            "scikit-learn": "model.pkl",
        },
        packages=("pip",),
        implied={"numpy": "<2"},
        globals=(
            "numpy.core.multiarray._reconstruct",
            "numpy.core.multiarray.scalar",
            "numpy.dtype",
            "numpy.ndarray",
            *LINEAR,
        ),
        stamp=STAMP,
    )


def test_sklearn_in_mlflow_3() -> None:
    record = read_model(MODELS / "2025/mlflow-sklearn")
    assert record.python == "3.12.1"
    assert record.versions == {
        "joblib": "1.6.0",
        "mlflow": "3.17.2",
        "numpy": "2.5.5",
        "scikit-learn": "1.7.2",
        "skops": "0.16.0",
    }
    assert record.sources["scikit-learn"] == "model.skops"
    assert record.stamp == STAMP


@pytest.mark.parametrize(
    ("year", "python", "mlflow", "xgboost", "data"),
    [
        ("2024", "3.11.7", "2.22.5", "2.1.4", "model.xgb"),
        ("2025", "3.12.1", "3.17.2", "3.1.3", "model.ubj"),
    ],
)
def test_xgboost_in_mlflow(year: str, python: str, mlflow: str, xgboost: str, data: str) -> None:
    folder = MODELS / year / "mlflow-xgboost"
    assert read_model(folder) == ModelRecord(
        kind="mlflow",
        python=python,
        versions={"mlflow": mlflow, "xgboost": xgboost},
        sources={"mlflow": "MLmodel", "xgboost": data},
        packages=("numpy", "pip"),
    )
    assert read_model(folder / "MLmodel") == read_model(folder)


def test_a_bento() -> None:
    record = read_model(MODELS / "bentoml/bento")
    assert (record.kind, record.python, len(record.versions)) == ("bento", "3.12", 72)
    versions = {name: record.versions[name] for name in ("bentoml", "numpy", "scikit-learn")}
    assert versions == {"bentoml": "1.4.40", "numpy": "2.5.5", "scikit-learn": "1.7.2"}
    assert record.sources["bentoml"] == "env/python/requirements.txt"


def test_a_model_of_bentoml() -> None:
    assert read_model(MODELS / "bentoml/model") == ModelRecord(
        kind="bentoml-model",
        python="3.11.7",
        versions={"bentoml": "1.4.40", "scikit-learn": "1.7.2"},
        sources={"bentoml": "model.yaml", "scikit-learn": "saved_model.pkl"},
        packages=("joblib", "numpy"),
        globals=(
            "joblib.numpy_pickle.NumpyArrayWrapper",
            "numpy.dtype",
            "numpy.ndarray",
            LINEAR[0],
        ),
        stamp=STAMP,
    )


EXPORTED: Final = """\
name: training
channels:
  - conda-forge
dependencies:
  - _libgcc_mutex=0.1=conda_forge
  - conda-forge::numpy=1.26.4=py311h64a7726_0
  - pandas=2.2
  - pip<=23.2.1
  - python=3.11.9=hb806964_0_cpython
  - pytorch==2.3.0
  - scipy
  - pip:
      - scikit-learn==1.5.2
      - xgboost>=2
prefix: /srv/hops/anaconda/envs/theenv
"""
HOPSWORKS: Final = ModelRecord(
    kind="conda",
    python="3.11.9",
    versions={"numpy": "1.26.4", "scikit-learn": "1.5.2", "torch": "2.3.0"},
    packages=("pandas", "pip", "scipy", "xgboost"),
    implied={"pandas": "==2.2.*"},
)


def test_environment_of_conda(tmp_path: Path) -> None:
    (tmp_path / "environment.yml").write_text(EXPORTED)
    assert read_model(tmp_path / "environment.yml") == HOPSWORKS
    record = read_model(tmp_path)
    assert (record.kind, record.versions) == ("environment", HOPSWORKS.versions)
    assert set(record.sources.values()) == {"environment.yml"}


def test_what_pip_installs_replaces_packages_of_conda() -> None:
    text = "dependencies: [numpy=1.26.4, xgboost=2.1.4, {pip: [numpy==2.0.1, xgboost]}]"
    assert read_conda(text) == ModelRecord(
        kind="conda", versions={"numpy": "2.0.1"}, packages=("xgboost",)
    )


def test_python_environment_of_mlflow() -> None:
    path = MODELS / "2024/mlflow-sklearn/python_env.yaml"
    assert read_model(path) == ModelRecord(kind="conda", python="3.11.7")


REQUIREMENTS: Final = """\
# made by hand
--extra-index-url https://index.example/simple
-e ./ours
./wheels/ours.whl
https://index.example/theirs.whl
Scikit_Learn[tests]==1.5.2 \\
    --hash=sha256:aa \\
    --hash=sha256:bb  # a comment
torch==2.3.0+cpu
numpy==1.26.4 ; python_version < "3.12"
numpy==2.0.1 ; python_version >= "3.12"
scipy==1.13.*
pandas>=2,<3
lightgbm @ https://index.example/lightgbm-4.5.0-py3-none-any.whl
joblib===1.4.2
"""


def test_requirements(tmp_path: Path) -> None:
    (tmp_path / "pins.txt").write_text(f"\ufeff{REQUIREMENTS}", encoding="utf-8")
    assert read_model(tmp_path / "pins.txt") == ModelRecord(
        kind="requirements",
        versions={"joblib": "1.4.2", "scikit-learn": "1.5.2", "torch": "2.3.0+cpu"},
        packages=("lightgbm", "numpy", "pandas", "scipy"),
    )


@pytest.mark.parametrize(
    "text",
    ["xgboost==3.1.3\n", "catboost\nipython\nrequests\n", "ipython\nnumpy\np0>1\n", "zfpy\n"],
)
def test_requirements_that_resemble_other_formats(tmp_path: Path, text: str) -> None:
    (tmp_path / "m").write_text(text)
    assert read_model(tmp_path / "m").kind == "requirements"


def message(path: Path) -> str:
    with pytest.raises(FtiError) as error:
        read_model(path)
    return str(error.value)


@pytest.mark.slow
def test_files_that_are_not_requirements(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    for text in ("Some words of text.\n", "key: value\n", "", "\0"):
        path.write_text(text)
        assert message(path) == (
            "requirements.txt cannot be read as a model: its content is of no known kind."
        )
    path.write_text("numpy==1\nnot a requirement\n")
    assert message(path) == (
        "requirements.txt cannot be read as a model: 'not a requirement' is not a requirement."
    )
    path.write_bytes(b"numpy==1\n\xff\n")
    assert message(path) == "requirements.txt cannot be read as a model: it is not text in UTF-8."
    path.write_text("a\n" * 20_001)
    assert message(path) == (
        "requirements.txt cannot be read as a model: it has more than 20,000 requirements."
    )
    path.write_text("a\n" + " " * (4 << 20))
    assert message(path) == "requirements.txt cannot be read as a model: it has more than 4 MiB."
    nested = f"a ; {'(' * 4000}"
    path.write_text(f"b\n{nested}\n")
    assert "is not a requirement" in message(path)


def test_folders_of_no_known_kind(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert message(tmp_path / "data") == (
        "The folder data cannot be read as a model: it has no MLmodel, bento.yaml, model.yaml,"
        " environment.yml or requirements.txt."
    )
    (tmp_path / "data/requirements.txt").write_text("Some words of text.\n")
    assert message(tmp_path / "data") == (
        "The folder data cannot be read as a model: the content of its requirements.txt is of no"
        " known kind."
    )


@pytest.fixture
def mlflow(tmp_path: Path) -> Path:
    """Return a copy of a model folder, which a test changes."""
    return Path(shutil.copytree(MODELS / "2024/mlflow-sklearn", tmp_path / "credit"))


@pytest.mark.parametrize("name", ["MLmodel", "requirements.txt", "model.pkl"])
def test_links_that_leave_the_folder_are_not_followed(mlflow: Path, name: str) -> None:
    outside = mlflow.parent / "outside"
    (mlflow / name).rename(outside)
    (mlflow / name).symlink_to(outside)
    assert message(mlflow) == (
        f"The folder credit cannot be read as a model: its file {name} is outside of the folder."
    )


def test_paths_that_leave_the_folder_are_not_followed(mlflow: Path) -> None:
    description = (mlflow / "MLmodel").read_text()
    (mlflow / "MLmodel").write_text(description.replace("model.pkl", "../other.pkl"))
    assert message(mlflow).endswith("its file ../other.pkl is outside of the folder.")


def test_damaged_files_in_a_folder(mlflow: Path) -> None:
    (mlflow / "conda.yaml").write_text("dependencies: [")
    assert message(mlflow) == "conda.yaml cannot be read as a model: it is not valid YAML."
    (mlflow / "MLmodel").write_text("a: " + "x" * (2 << 20))
    assert message(mlflow) == "MLmodel cannot be read as a model: it has more than 2 MiB."
    (mlflow / "MLmodel").unlink()
    os.mkfifo(mlflow / "MLmodel")
    assert message(mlflow) == "MLmodel cannot be read as a model: it is not a regular file."


class Attack:
    """Runs a program when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("exit 1",)


def test_a_pickle_in_a_folder_that_runs_a_program_is_named(mlflow: Path) -> None:
    (mlflow / "model.pkl").write_bytes(pickle.dumps(Attack()))
    record = read_model(mlflow)
    assert record.unsafe == (f"{os.system.__module__}.system",)
    assert record.versions["scikit-learn"] == "1.5.2"
    assert record.sources["scikit-learn"] == "MLmodel"


LINES: Final = st.sampled_from(
    ["a", "-", "=", "==1", ";", "#", "\\\n", "\n", " ", "--hash", "[", "(", "::", "*", ".", "@"]
)


@pytest.mark.slow
@settings(max_examples=examples(180), deadline=None)
@given(st.lists(LINES, max_size=12).map("".join))
def test_any_text_raises_malformed_error_only(text: str) -> None:
    assert is_requirements(text) in {True, False}
    assert is_conda(text) is False
    with suppress(MalformedError):
        read_requirements(text)
    with suppress(MalformedError):
        read_conda(f"dependencies: [{text!r}, pip: [{text!r}]]")
