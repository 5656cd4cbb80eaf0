"""Boosters as text, and boosters and wrappers of scikit-learn as pickles."""

from __future__ import annotations

import pickle
from functools import partial
from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_RANDOM = np.random.RandomState(0)
X = _RANDOM.rand(300, 4)
X[:, 3] = _RANDOM.randint(0, 6, 300)
Y = (X[:, 0] + X[:, 1] * X[:, 2] + (X[:, 3] == 2) > 1).astype(int)
QUIET = {"verbose": -1, "num_threads": 1, "seed": 0}


def _booster(parameters: dict[str, Any], **more: Any) -> Any:
    data = lightgbm.Dataset(X, Y, params=QUIET, free_raw_data=False, **more)
    return lightgbm.train({**QUIET, **parameters}, data, num_boost_round=5)


BOOSTERS: dict[str, Callable[[], Any]] = {
    "regression": lambda: _booster({"objective": "regression"}),
    "binary": lambda: _booster({"objective": "binary"}),
    "categories": lambda: _booster({"objective": "binary"}, categorical_feature=[3]),
    "linear": lambda: _booster({"objective": "regression", "linear_tree": True}),
    "dart": lambda: _booster({"objective": "regression", "boosting": "dart"}),
    "forest": lambda: _booster(
        {"objective": "binary", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.7}
    ),
    "quantile": lambda: _booster({"objective": "quantile", "alpha": 0.7}),
}
WRAPPERS: dict[str, Callable[[], Any]] = {
    "LGBMClassifier": lambda: lightgbm.LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1),
    "LGBMRegressor": lambda: lightgbm.LGBMRegressor(n_estimators=5, n_jobs=1, verbose=-1),
    "LGBMRanker": lambda: lightgbm.LGBMRanker(n_estimators=5, n_jobs=1, verbose=-1),
}


def _result(model: Any) -> list[float]:
    return [float(each) for each in np.ravel(model.predict(X))]


def _write_text(make: Callable[[], Any], path: Path) -> list[float]:
    booster = make()
    booster.save_model(str(path))
    return _result(booster)


def _read_text(path: Path) -> list[float]:
    return _result(lightgbm.Booster(model_file=str(path)))


def _write_pickle(make: Callable[[], Any], path: Path) -> list[float]:
    booster = make()
    path.write_bytes(pickle.dumps(booster))
    return _result(booster)


def _write_wrapper(make: Callable[[], Any], path: Path) -> list[float]:
    wrapper = make()
    wrapper.fit(X, Y, **({"group": [100] * 3} if "Ranker" in type(wrapper).__name__ else {}))
    path.write_bytes(pickle.dumps(wrapper))
    return _result(wrapper)


def _read_pickle(path: Path) -> list[float]:
    return _result(pickle.loads(path.read_bytes()))


def _write_parameters(path: Path) -> list[Any]:
    wrapper = WRAPPERS["LGBMClassifier"]().fit(X, Y)
    path.write_bytes(pickle.dumps(wrapper))
    return [
        wrapper.get_params()["n_estimators"],
        wrapper.n_features_in_,
        list(map(int, wrapper.classes_)),
    ]


def _read_parameters(path: Path) -> list[Any]:
    wrapper = pickle.loads(path.read_bytes())
    return [
        wrapper.get_params()["n_estimators"],
        wrapper.n_features_in_,
        list(map(int, wrapper.classes_)),
    ]


WRITERS = (
    {f"{name}.txt": partial(_write_text, make) for name, make in BOOSTERS.items()}
    | {f"{name}.pickle": partial(_write_pickle, make) for name, make in BOOSTERS.items()}
    | {f"{name}.pickle": partial(_write_wrapper, make) for name, make in WRAPPERS.items()}
    | {"parameters.pickle": _write_parameters}
)
READERS = {name: _read_text if name.endswith(".txt") else _read_pickle for name in WRITERS} | {
    "parameters.pickle": _read_parameters
}
