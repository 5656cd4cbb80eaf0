"""The check `skew`: Python, ONNX, and libraries that a stage lacks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import pytest

from checked import found, locked, requirement, stage
from poetry_fti.model.images.image import Image
from poetry_fti.model.platforms import Platform, Targets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.checks.shared.facts import CheckedStage
    from poetry_fti.model.stage import Kind

FIX: Final = (
    "Choose the same minor version with `python` or `image.base` of tool.fti.stages.training and"
    " tool.fti.stages.inference"
)


def of_python(
    kind: Kind, python: str, image: Image | None = None, platforms: tuple[Platform, ...] = ()
) -> CheckedStage:
    """Return a stage that contains cloudpickle."""
    own = stage(kind, {"cloudpickle": "3.1.0"})
    settings = replace(own.stage, image=image or Image(), targets=Targets(platforms=platforms))
    return replace(own, stage=settings, python=python)


def levels(*stages: CheckedStage) -> list[str]:
    return [text.split(": ")[1] for text in found("skew", *stages)]


def test_pickled_code_needs_the_same_minor_version_of_python() -> None:
    stages = of_python("training", ">=3.12,<3.13"), of_python("inference", ">=3.11,<3.12")
    (text,) = found("skew", *stages)
    assert text == (
        "inference: error: What training saves with Python 3.12, inference loads with Python 3.11:"
        " code that was pickled with cloudpickle runs in the same minor version of Python only\n"
        "training requires Python >=3.12,<3.13; inference requires Python >=3.11,<3.12\n"
        f"{FIX}"
    )
    without = [replace(each, packages=()) for each in stages]
    assert found("skew", *without) == []


def test_joblib_requires_cloudpickle_but_does_not_save_models_with_it() -> None:
    stages = of_python("training", ">=3.12,<3.13"), of_python("inference", ">=3.11,<3.12")
    joblib = locked("joblib", "1.6.0", ["cloudpickle"])
    saving = replace(
        stages[0],
        packages=(locked("cloudpickle", "3.1.0"), joblib),
        requirements=(requirement("joblib"),),
    )
    assert found("skew", saving, stages[1]) == []
    older = replace(stages[1], packages=(locked("cloudpickle", "2.0.0"),))
    assert found("skew", saving, older) == []
    mlflow = locked("mlflow", "3.1.0", ["cloudpickle"])
    both = replace(saving, packages=(*saving.packages, mlflow))
    assert levels(both, stages[1]) == ["error"]
    direct = replace(saving, requirements=(requirement("joblib"), requirement("cloudpickle")))
    assert levels(direct, stages[1]) == ["error"]


@pytest.mark.parametrize(
    ("serving", "expected"),
    [
        (of_python("inference", ">=3.12"), []),
        # Both can run 3.12, but the image of the stage has the oldest that it allows.
        (of_python("inference", ">=3.11"), ["warning"]),
        (of_python("inference", ">=3.11", Image(base="python:3.12-slim")), []),
        (
            of_python("inference", ">=3.11", Image(base="docker.io/python:3.13.2")),
            ["error"],
        ),
        # The Python of these is unknown.
        (of_python("inference", ">=3.11", Image(base="acme/serving:3")), []),
        (of_python("inference", ">=3.11", Image(dockerfile=PurePosixPath("base"))), []),
        (of_python("inference", ">=3.11", platforms=(Platform("macos", "arm64"),)), []),
        (of_python("inference", ">=3.13", Image(base="acme/serving:3")), ["error"]),
    ],
)
def test_a_stage_of_several_pythons_runs_that_of_its_image(
    serving: CheckedStage, expected: list[str]
) -> None:
    assert levels(of_python("training", ">=3.12,<3.13"), serving) == expected


def test_an_onnx_model_needs_a_runtime_that_reads_its_opset() -> None:
    exporting = stage("training", {"onnx": "1.16.0", "scikit-learn": "1.5.2"})
    (text,) = found("skew", exporting, stage("inference", {"onnxruntime": "1.17.3"}))
    assert text == (
        "inference: error: onnxruntime 1.17.3 of inference cannot read models that onnx 1.16.0 of"
        " training writes by default with opset 21 and IR version 10: it reads up to opset 20 and"
        " IR version 9\n"
        "Export models with opset 20 and IR version 9 at most, or update onnxruntime in inference"
    )
    # Serving a model of scikit-learn without scikit-learn is what ONNX is for.
    assert found("skew", exporting, stage("inference", {"onnxruntime": "1.18.1"})) == []


def test_an_unknown_format_of_onnx_is_a_warning() -> None:
    stages = stage("training", {"onnx": "99.0"}), stage("inference", {"onnxruntime": "1.18.1"})
    (text,) = found("skew", *stages)
    assert text == (
        "inference: warning: onnxruntime 1.18.1 of inference may not read models that onnx 99.0 of"
        " training writes by default: the opset of onnx 99.0 of training is unknown\n"
        "Test that the exported models can be read, or update onnxruntime in inference"
    )


def test_a_model_needs_its_library() -> None:
    serving = stage("inference", {"fastapi": "0.115.0"})
    (text,) = found("skew", stage("training", {"xgboost": "3.1.0", "optuna": "4.0"}), serving)
    assert text == (
        "inference: error: inference cannot load what training saves with xgboost 3.1.0, because it"
        " does not have xgboost\n"
        "in training, pyproject.toml requires xgboost\n"
        "Add it with `poetry fti add inference xgboost`"
    )


@pytest.mark.parametrize("direct", [("catboost",), ()])
def test_a_library_that_is_not_required_directly_is_not_needed(direct: tuple[str, ...]) -> None:
    pins: Mapping[str, str] = {"catboost": "1.2", "scikit-learn": "1.5.2"}
    trains = stage("training", pins, direct=direct)
    assert found("skew", trains, stage("inference", {"fastapi": "0.115.0"})) == []


@pytest.mark.parametrize(
    ("saves", "loads", "level"),
    [
        ("torch", "torch", "warning"),
        ("tensorflow", "tensorflow-cpu", "warning"),
        ("catboost", "catboost", "warning"),
        ("torch", "keras", "error"),
        ("torch", "fastapi", "error"),
        ("fastapi", "torch", "error"),
    ],
)
def test_models_may_be_of_another_library_that_both_stages_have(
    saves: str, loads: str, level: str
) -> None:
    trains = stage("training", {"scikit-learn": "1.5.2", saves: "2.6.0"})
    assert levels(trains, stage("inference", {loads: "2.6.0"})) == [level]


def test_a_stage_with_one_of_several_libraries_may_need_no_other() -> None:
    trains = stage("training", {"scikit-learn": "1.5.2", "xgboost": "2.1.4"})
    (text,) = found("skew", trains, stage("inference", {"xgboost": "2.1.4"}))
    assert text == (
        "inference: warning: inference cannot load what training saves with scikit-learn 1.5.2,"
        " because it does not have scikit-learn\n"
        "in training, pyproject.toml requires scikit-learn\n"
        "Add it with `poetry fti add inference scikit-learn`, unless it loads no model of"
        " scikit-learn"
    )
