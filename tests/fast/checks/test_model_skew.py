"""Real models, compared with the locks of stages that load them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from checked import stage
from poetry_fti.checks.skew.models import model_findings
from poetry_fti.model.model_record import ModelRecord
from poetry_fti.models import read_model

MODELS: Final = Path(__file__).parents[3] / "fixtures" / "models"
SKLEARN_BREAKS: Final = (
    "a RidgeClassifier of two classes fails to predict in scikit-learn 1.5 and older"
)


def found(model: str | ModelRecord, *, python: str = "", **pins: str) -> list[str]:
    """Return what breaks when a stage with these packages loads a model."""
    record = read_model(MODELS / model) if isinstance(model, str) else model
    inference = stage("inference", {name.replace("_", "-"): pins[name] for name in pins})
    inference = replace(inference, python=python)
    return [
        "\n".join(filter(None, (f"{each.level}: {each.message}", each.because, each.fix)))
        for each in model_findings("credit", record, inference)
    ]


def test_a_stage_with_the_versions_of_the_model() -> None:
    pins = {"scikit_learn": "1.7.2", "numpy": "2.3.1", "joblib": "1.6.0"}
    assert found("2025/forest.joblib", **pins) == []
    assert found("2025/mlflow-sklearn", **pins | {"numpy": "2.5.5"}) == []
    assert found("2025/xgboost.ubj", xgboost_cpu="3.1.3") == []


def test_an_older_scikit_learn() -> None:
    pins = {"numpy": "2.3.1", "joblib": "1.6.0"}
    for model in ("forest.joblib", "linear.skops", "mlflow-sklearn"):
        assert found(f"2025/{model}", scikit_learn="1.5.2", **pins)[-1] == (
            "warning: credit was saved with scikit-learn 1.7.2, and inference loads it with"
            f" scikit-learn 1.5.2: {SKLEARN_BREAKS}\n"
            "Save the model with scikit-learn 1.5.2, or lock the other version with"
            ' `poetry fti add inference "scikit-learn==1.7.2"`'
        )


def test_an_older_xgboost_predicts_wrongly() -> None:
    (text,) = found("2025/xgboost.ubj", xgboost="2.1.4")
    assert text.startswith(
        "error: credit was saved with xgboost 3.1.3, and inference loads it with xgboost 2.1.4:"
    )
    assert "(silent)" in text


def test_what_breaks_in_other_files_of_xgboost_is_not_reported() -> None:
    wrapper = "pickled scikit-learn wrappers predict the same, but their get_params() fails"
    (text,) = found("2024/xgboost.pkl", xgboost="3.0.2")
    assert wrapper in text
    for model in ("booster.pkl", "xgboost.json", "xgboost.ubj", "mlflow-xgboost"):
        assert found(f"2024/{model}", xgboost="3.0.2") == []
    versions = {"xgboost": "2.0.3"}
    old = ModelRecord(kind="xgboost", versions=versions)
    assert found(old, xgboost="3.1.3") == []
    sources = {"xgboost": "env/python/requirements.txt"}
    for unknown in (replace(old, kind="requirements"), replace(old, kind="bento", sources=sources)):
        (text,) = found(unknown, xgboost="3.1.3")
        assert "cannot read the binary .model files" in text
        assert wrapper in text


def test_numpy_2_that_a_pickle_implies() -> None:
    assert found("2025/forest-5.pkl", scikit_learn="1.7.2", numpy="1.24.4") == [
        (
            "error: credit was saved with numpy >=2, and inference loads it with numpy 1.24.4:"
            " pickled arrays refer to numpy._core, which numpy 1 before 1.26.4 does not have\n"
            "Save the model with numpy 1.24.4, or lock the other version with"
            ' `poetry fti add inference "numpy>=2"`'
        )
    ]


def test_a_library_that_the_stage_does_not_have() -> None:
    assert found("2025/xgboost.json", numpy="2.3.1") == [
        (
            "error: inference cannot load credit, which needs xgboost 3.1.3: it does not"
            " have xgboost\n"
            "Add it with `poetry fti add inference xgboost==3.1.3`"
        )
    ]
    assert found("2025/lightgbm.txt", numpy="2.3.1") == [
        (
            "error: inference cannot load credit, which needs lightgbm: it does not have lightgbm\n"
            "Add it with `poetry fti add inference lightgbm`"
        )
    ]


def test_lists_of_packages_may_have_more_than_a_model_needs() -> None:
    assert found("bentoml/bento", numpy="2.5.5") == []
    assert found("2024/mlflow-xgboost/requirements.txt", fastapi="1.0") == []


def test_code_of_another_python() -> None:
    model = "2024/function.pkl"
    assert found(model, cloudpickle="3.1.3", python=">=3.12") == []
    assert found(model, cloudpickle="3.1.3", python=">=3.13,<3.14") == [
        (
            "error: credit was saved with Python >=3.11,<3.13, and inference loads it with"
            " Python 3.13: code that was pickled with cloudpickle runs in the same minor version of"
            " Python only\n"
            "inference requires Python >=3.13,<3.14\n"
            "Save the model with Python 3.13, or change `python` of tool.fti.stages.inference"
        )
    ]
    # Without code of cloudpickle, Python does not matter.
    pins = {"scikit_learn": "1.5.2", "numpy": "1.26.4"}
    assert found("2024/mlflow-sklearn", python=">=3.13", **pins) == []


def test_onnx() -> None:
    model = read_model(MODELS / "2025/linear.onnx")
    assert found(model, onnxruntime="1.15.1") == []
    assert found(model, numpy="2.3.1") == []
    newer = replace(model, opsets={"ai.onnx": 23}, ir_version=11)
    assert found(newer, onnxruntime_gpu="1.20.0") == [
        (
            "error: onnxruntime-gpu 1.20.0 of inference cannot read credit, which has opset 23 and"
            " IR version 11: it reads up to opset 21 and IR version 10\n"
            "Export the model with opset 21 and IR version 10 at most, or update onnxruntime-gpu in"
            " inference"
        )
    ]


def test_calls_of_unsafe_functions() -> None:
    names = tuple(f"os.f{number}" for number in range(6))
    assert found(ModelRecord(kind="pickle", unsafe=("os.system\x1b",))) == [
        (
            "warning: credit calls os.system\\x1b when inference loads it, which can run any code\n"
            "Load it only if you trust whoever has made it"
        )
    ]
    (text,) = found(ModelRecord(kind="pickle", unsafe=names))
    assert "os.f0, os.f1, os.f2, os.f3, os.f4 and 1 more" in text
