"""Feature code that several stages run, and data frames that one of them saves."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START = datetime(2026, 1, 1)  # noqa: DTZ001 -- data frames of features seldom have time zones
FRAME = pl.DataFrame(
    {
        "key": ["a", "b", "a", "c", None, "b"] * 4,
        "x": [float(each) for each in range(24)],
        "n": [each % 5 for each in range(24)],
        "at": [START + timedelta(hours=7 * each) for each in range(24)],
    }
).with_columns(missing=pl.when(pl.col("n") > 2).then(pl.col("x")))
OTHER = pl.DataFrame({"key": ["a", "b", "d", None], "weight": [1, 2, 3, 4]})
CODE: dict[str, Callable[[], Any]] = {
    "group_by": lambda: FRAME.group_by("key").agg(pl.col("x").mean(), pl.len()).sort("key"),
    "group_by_dynamic": lambda: FRAME.group_by_dynamic("at", every="1d").agg(pl.col("x").sum()),
    "keys": lambda: pl.Series([str(k) for k, _ in FRAME.group_by("key", maintain_order=True)]),
    "rolling": lambda: FRAME.rolling("at", period="2d").agg(pl.col("x").sum()),
    "rolling_std": lambda: FRAME.select(pl.col("x").rolling_std(4)),
    "join": lambda: FRAME.join(OTHER, on="key", how="left").sort("x", "weight"),
    "replace": lambda: FRAME.select(pl.col("n").replace({1: 10, 2: 20})),
    "replace_default": lambda: FRAME.select(pl.col("n").replace({1: "x"}, default=None)),
    "melt": lambda: FRAME.melt(id_vars="key", value_vars=["x", "missing"]),
    "reshape": lambda: pl.Series([1, 2, 3, 4]).reshape((2, 2)),
    "cut": lambda: FRAME["x"].cut([5, 10]),
    "qcut": lambda: FRAME["x"].qcut(4),
    "value_counts": lambda: FRAME["n"].value_counts(sort=True).sort("n"),
    "rank": lambda: FRAME.select(pl.col("n").rank("ordinal")),
    "quantile": lambda: FRAME.select(pl.col("x").quantile(0.3)),
    "ewm_mean": lambda: FRAME.select(pl.col("missing").ewm_mean(alpha=0.5)),
    "fill_null": lambda: FRAME.select(pl.col("missing").fill_null(strategy="forward")),
    "clip": lambda: FRAME.select(pl.col("missing").clip(5, 10)),
    "to_dummies": lambda: FRAME.select("key").to_dummies(),
    "hash": lambda: FRAME.select(pl.col("key").hash(), pl.col("n").hash(1)),
    "sample": lambda: FRAME.sample(5, seed=1),
    "shuffle": lambda: FRAME.select(pl.col("x").shuffle(seed=1)),
    "split": lambda: pl.Series(["a,b", "c"]).str.split(","),
    "to_datetime": pl.Series(["2026-01-01 10:00"]).str.to_datetime,
    "truncate": lambda: FRAME.select(pl.col("at").dt.truncate("1w")),
    "is_in": lambda: FRAME.select(pl.col("key").is_in(["a", None])),
    "integers": lambda: FRAME.select(pl.col("n") / 2, c=pl.col("n") // 2, d=pl.col("n") ** 2),
    "counts": lambda: FRAME.select(pl.col("key").n_unique(), c=pl.col("key").count()),
    "over": lambda: FRAME.select(pl.col("x").mean().over("key")),
    "top_k": lambda: FRAME.top_k(3, by="x"),
    "mixed": lambda: pl.DataFrame({"x": [1, 2.5, None]}),
    "out_of_bounds": lambda: pl.Series([[1, 2], [3]]).list.get(1),
}


def _value(value: object) -> object:
    return value if isinstance(value, (int, float)) else str(value)


def _rows(data: Any) -> list[Any]:
    frame = data.to_frame() if isinstance(data, pl.Series) else data
    return [[str(each) for each in frame.dtypes], *([*map(_value, row)] for row in frame.rows())]


def _run(code: Callable[[], Any], path: Path) -> list[Any]:
    path.touch()
    return _rows(code())


def _write_pickle(path: Path) -> list[Any]:
    path.write_bytes(pickle.dumps(FRAME))
    return _rows(FRAME)


def _read_pickle(path: Path) -> list[Any]:
    return _rows(pickle.loads(path.read_bytes()))


def _write_parquet(path: Path) -> list[Any]:
    FRAME.write_parquet(str(path))
    return _rows(FRAME)


def _read_parquet(path: Path) -> list[Any]:
    return _rows(pl.read_parquet(str(path)))


_RUN = {f"{name}.code": partial(_run, code) for name, code in CODE.items()}
WRITERS = _RUN | {"frame.pickle": _write_pickle, "frame.parquet": _write_parquet}
READERS = _RUN | {"frame.pickle": _read_pickle, "frame.parquet": _read_parquet}
