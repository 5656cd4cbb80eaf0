"""The likely kind of an environment's stage, by its name and its packages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from packaging.utils import NormalizedName

    from poetry_fti.model.stage import Kind

_WORDS: Final[Mapping[Kind, frozenset[str]]] = {
    "feature": frozenset(
        {"etl", "feature", "features", "featurize", "ingest", "preprocessing", "spark"}
    ),
    "training": frozenset({"finetune", "finetuning", "fit", "train", "trainer", "training"}),
    "inference": frozenset(
        {"api", "app", "deploy", "inference", "predict", "prediction", "predictor", "score"}
        | {"scoring", "serve", "server", "service", "serving", "web"}
    ),
}
# A package of an earlier kind decides: what serves a model often contains what trained it.
_PACKAGES: Final[Mapping[Kind, frozenset[str]]] = {
    "inference": frozenset(
        {"bentoml", "fastapi", "flask", "gradio", "gunicorn", "kserve", "litserve", "mlserver"}
        | {"ray-serve", "seldon-core", "streamlit", "tritonclient", "uvicorn", "vllm"}
    ),
    "feature": frozenset(
        {"apache-beam", "dbt-core", "delta-spark", "feast", "great-expectations", "hopsworks"}
        | {"hsfs", "pyspark", "sqlmesh"}
    ),
    "training": frozenset(
        {"accelerate", "catboost", "deepspeed", "jax", "keras", "lightgbm", "lightning", "optuna"}
        | {"pytorch-lightning", "ray", "scikit-learn", "tensorflow", "torch", "transformers"}
        | {"xgboost"}
    ),
}
_WORD: Final = re.compile(r"[a-z]+")


def kind_by_name(name: str) -> Kind | None:
    """Return the kind that a word of a name stands for, such as `serving`; None for no word."""
    words = set(_WORD.findall(name.lower()))
    return next((kind for kind, known in _WORDS.items() if words & known), None)


def kind_by_packages(packages: Collection[NormalizedName]) -> Kind | None:
    """Return the kind of stage that has one of some packages, None if they fit any kind."""
    found = set(packages)
    return next((kind for kind, known in _PACKAGES.items() if found & known), None)
