"""Model folders of MLflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.model.model_record import ModelRecord
from poetry_fti.models.environments.folder import combined, document, records
from poetry_fti.models.environments.yaml_documents import mapping, string
from poetry_fti.models.stamps import stamp_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from poetry_fti.models.environments.yaml_documents import Yaml

_DESCRIPTION: Final = "MLmodel"
# The versions that MLflow records in the flavors of a model.
_VERSION_KEYS: Final[Mapping[str, str]] = {
    "catboost_version": "catboost",
    "cloudpickle_version": "cloudpickle",
    "h2o_version": "h2o",
    "keras_version": "keras",
    "langchain_version": "langchain",
    "lgb_version": "lightgbm",
    "onnx_version": "onnx",
    "paddle_version": "paddlepaddle",
    "pmdarima_version": "pmdarima",
    "prophet_version": "prophet",
    "pyspark_version": "pyspark",
    "pytorch_version": "torch",
    "sentence_transformers_version": "sentence-transformers",
    "shap_version": "shap",
    "sklearn_version": "scikit-learn",
    "spacy_version": "spacy",
    "statsmodels_version": "statsmodels",
    "transformers_version": "transformers",
    "xgb_version": "xgboost",
}
# Keys of flavors that name the file of the model.
_FILE_KEYS: Final = ("data", "model_path", "pickled_model", "python_model")
_ENVIRONMENTS: Final = ("requirements.txt", "conda.yaml", "python_env.yaml")


def read_mlflow(folder: Path) -> ModelRecord:
    """Return what a model folder of MLflow records.

    The model's own file counts first, then `MLmodel`, `requirements.txt` and `conda.yaml`.
    """
    description = document(folder, _DESCRIPTION)
    flavors = [mapping(each) for each in mapping(description.get("flavors")).values()]
    files = {
        name: None
        for flavor in flavors
        for key in _FILE_KEYS
        if (name := string(flavor.get(key))) is not None
    }
    models = records(folder, files)
    described = {_DESCRIPTION: _described(description, flavors)}
    return combined("mlflow", {**models, **described, **records(folder, _ENVIRONMENTS)})


def _described(description: Mapping[str, Yaml], flavors: list[dict[str, Yaml]]) -> ModelRecord:
    found = {
        name: string(flavor.get(key))
        for flavor in flavors
        for key, name in _VERSION_KEYS.items()
        if key in flavor
    }
    found["mlflow"] = string(description.get("mlflow_version"))
    pythons = [string(flavor.get("python_version")) for flavor in flavors]
    return ModelRecord(
        kind="mlflow",
        python=next((each for each in pythons if each), None),
        versions={name: version for name, version in found.items() if version},
        stamp=stamp_of(mapping(description.get("metadata"))),
    )
