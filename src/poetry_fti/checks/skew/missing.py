"""Libraries of models that the stage which loads the models does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.checks import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.checks.skew.pairs import Pair

# Other packages, such as optuna and matplotlib, are not needed to load a model.
_LIBRARIES: Final = ("lightgbm", "scikit-learn", "xgboost")
# Other libraries whose models both stages may exchange, by the names of their packages. Those who
# train with them often require scikit-learn for its metrics and to split data.
_OTHERS: Final = {
    "catboost": "catboost",
    "jax": "jax",
    "keras": "keras",
    "tensorflow": "tensorflow",
    "tensorflow-cpu": "tensorflow",
    "torch": "torch",
}


def missing_libraries(pair: Pair) -> Iterator[Finding]:
    """Yield a finding for each library of models that only the producer has, and requires itself.

    A consumer that reads exported ONNX models needs none of them.
    """
    producer, consumer = pair.sides
    if "onnx" in producer.packages and "onnxruntime" in consumer.packages:
        return
    own = [name for name in _LIBRARIES if name in producer.direct and name in producer.packages]
    others = [{_OTHERS.get(name) for name in side.packages} - {None} for side in pair.sides]
    has_another = any(name in consumer.packages for name in own) or not others[0].isdisjoint(
        others[1]
    )
    for name in own:
        if name not in consumer.packages:
            yield _finding(pair, name, has_another=has_another)


def _finding(pair: Pair, name: str, *, has_another: bool) -> Finding:
    producer, consumer = pair.sides
    build, version = producer.build(name), producer.newest(name)
    fix = f"Add it with `poetry fti add {consumer.name} {build}`"
    return Finding(
        check="skew",
        stage=consumer.name,
        package=name,
        # The models may all be of the library that both have.
        level="warning" if has_another else "error",
        message=(
            f"{consumer.name} cannot load what {producer.name} saves with {build} {version},"
            f" because it does not have {build}"
        ),
        because=f"in {producer.name}, pyproject.toml requires {producer.direct[name]}",
        fix=f"{fix}, unless it loads no model of {name}" if has_another else fix,
        path=consumer.stage.path,
        transfer=pair.transfer((version, None)),
    )
