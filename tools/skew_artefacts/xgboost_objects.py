"""Boosters in each file format, and boosters and wrappers of scikit-learn as pickles."""

from __future__ import annotations

import pickle
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import xgboost

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_RANDOM = np.random.RandomState(0)
X = _RANDOM.rand(300, 4)
Y = (X[:, 0] + X[:, 1] * X[:, 2] > 1).astype(int)
CLASSES = (X[:, 0] * 3).astype(int)
MATRIX = xgboost.DMatrix(X)
QUIET = {"nthread": 1, "seed": 0, "verbosity": 0}


def _booster(parameters: dict[str, Any], labels: Any) -> Any:
    return xgboost.train(
        {**QUIET, "max_depth": 3, **parameters}, xgboost.DMatrix(X, labels), num_boost_round=5
    )


BOOSTERS: dict[str, Callable[[], Any]] = {
    "regression": lambda: _booster({"objective": "reg:squarederror"}, X[:, 0]),
    "base_score": lambda: _booster({"objective": "reg:squarederror", "base_score": 3.5}, Y),
    "logistic": lambda: _booster({"objective": "binary:logistic"}, Y),
    "classes": lambda: _booster({"objective": "multi:softprob", "num_class": 3}, CLASSES),
    "poisson": lambda: _booster({"objective": "count:poisson"}, Y),
    "dart": lambda: _booster({"booster": "dart", "objective": "reg:squarederror"}, Y),
    "linear": lambda: _booster({"booster": "gblinear", "objective": "reg:squarederror"}, Y),
}
WRAPPERS: dict[str, Callable[[], Any]] = {
    "XGBClassifier": lambda: xgboost.XGBClassifier(n_estimators=5, n_jobs=1).fit(X, Y),
    "XGBRegressor": lambda: xgboost.XGBRegressor(n_estimators=5, n_jobs=1).fit(X, Y),
    "XGBRanker": lambda: xgboost.XGBRanker(n_estimators=5, n_jobs=1).fit(X, Y, group=[100] * 3),
    "XGBRFClassifier": lambda: xgboost.XGBRFClassifier(n_estimators=5, n_jobs=1).fit(X, Y),
}


def _result(model: Any) -> list[float]:
    data = MATRIX if isinstance(model, xgboost.Booster) else X
    return [float(each) for each in np.ravel(model.predict(data))]


def _write_file(make: Callable[[], Any], path: Path) -> list[float]:
    model = make()
    model.save_model(str(path))
    return _result(model)


def _read_file(path: Path) -> list[float]:
    return _result(xgboost.Booster(model_file=str(path)))


def _read_wrapper_file(path: Path) -> list[float]:
    wrapper = getattr(xgboost, path.name.partition(".")[0])()
    wrapper.load_model(str(path))
    return _result(wrapper)


def _write_pickle(make: Callable[[], Any], path: Path) -> list[float]:
    model = make()
    path.write_bytes(pickle.dumps(model))
    return _result(model)


def _read_pickle(path: Path) -> list[float]:
    return _result(pickle.loads(path.read_bytes()))


def _write_parameters(path: Path) -> list[Any]:
    wrapper = WRAPPERS["XGBClassifier"]()
    path.write_bytes(pickle.dumps(wrapper))
    return [wrapper.get_params()["n_estimators"]]


def _read_parameters(path: Path) -> list[Any]:
    return [pickle.loads(path.read_bytes()).get_params()["n_estimators"]]


FORMATS = ("json", "ubj", "model", "deprecated")  # the last is the binary format
WRITERS = (
    {
        f"{name}.{form}": partial(_write_file, make)
        for name, make in BOOSTERS.items()
        for form in FORMATS
    }
    | {f"{name}.json": partial(_write_file, make) for name, make in WRAPPERS.items()}
    | {
        f"{name}.pickle": partial(_write_pickle, make)
        for name, make in {**BOOSTERS, **WRAPPERS}.items()
    }
    | {"get_params.pickle": _write_parameters}
)
READERS = (
    dict.fromkeys(WRITERS, _read_file)
    | {f"{name}.json": _read_wrapper_file for name in WRAPPERS}
    | {name: _read_pickle for name in WRITERS if name.endswith(".pickle")}
    | {"get_params.pickle": _read_parameters}
)
