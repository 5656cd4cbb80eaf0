"""ONNX models and files of skops that real libraries have written, and hostile ones."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Final

import pytest

from poetry_fti.errors import FtiError
from poetry_fti.model.model_record import ModelRecord, Stamp
from poetry_fti.models import read_model

MODELS: Final = Path(__file__).parents[3] / "fixtures" / "models"
STAMP: Final = Stamp("sha256:" + "5e" * 32, "training", "c0" * 20)
ONNX: Final = ModelRecord(
    kind="onnx",
    ir_version=8,
    opsets={"ai.onnx": 17, "ai.onnx.ml": 1},
    producer="skl2onnx 1.20.0",
)


@pytest.mark.parametrize("year", ["2024", "2025"])
def test_onnx(year: str) -> None:
    assert read_model(MODELS / year / "linear.onnx") == ONNX
    assert read_model(MODELS / year / "stamped.onnx").stamp == STAMP


@pytest.mark.parametrize(
    ("year", "sklearn", "skops"), [("2024", "1.5.2", "0.11.0"), ("2025", "1.7.2", "0.16.0")]
)
def test_skops(year: str, sklearn: str, skops: str) -> None:
    assert read_model(MODELS / year / "linear.skops") == ModelRecord(
        kind="skops",
        versions={"scikit-learn": sklearn, "skops": skops},
        packages=("numpy",),
        globals=(
            "builtins.dict",
            "builtins.list",
            "builtins.str",
            "builtins.tuple",
            "numpy.int64",
            "numpy.ndarray",
            "sklearn.linear_model._logistic.LogisticRegression",
            "sklearn.pipeline.Pipeline",
            "sklearn.preprocessing._data.StandardScaler",
        ),
    )


IR = b"\x08\x08"
OPSET = b"\x42\x02\x10\x11"
MALFORMED_ONNX: Final = {
    IR + b"\x12\x00": "it imports no operator set, as every ONNX model does",
    IR + OPSET + b"\x3a" + b"\xff" * 4 + b"\x07": "it is truncated",
    IR + OPSET + b"\x12\x05abc": "it is truncated",
    IR + OPSET + b"\x12\x01\xff": "a text in it is not valid UTF-8",
    IR + OPSET + b"\x0b": "it has a field of an unknown type",
    IR + OPSET + b"\x08" + b"\xff" * 10: "it has an integer of more than 10 bytes",
    IR + OPSET + b"\x72\x02\x0a\x05": "it is truncated",
    IR + OPSET + b"\x72\x00" * 10 + b"\x42\x02\x0a": "it is truncated",
    IR + b"".join(b"\x42\x06\x0a\x04%04d" % number for number in range(10_000)) + OPSET: (
        "it has more than 10,000 properties"
    ),
}


@pytest.mark.slow_after(7)
@pytest.mark.parametrize("data", MALFORMED_ONNX, ids=range(len(MALFORMED_ONNX)))
def test_malformed_onnx(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m.onnx").write_bytes(data)
    with pytest.raises(FtiError) as error:
        read_model(tmp_path / "m.onnx")
    assert str(error.value) == f"m.onnx cannot be read as a model: {MALFORMED_ONNX[data]}."


@pytest.mark.slow
def test_many_fields(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(IR + OPSET + b"\x28\x00" * 1_000_000)
    assert message(path) == "it has more than 1,000,000 fields."


@pytest.mark.slow
def test_large_graphs_are_skipped(tmp_path: Path) -> None:
    graph = b"\x3a" + b"\x80\x80\x80\x20" + bytes(64 << 20)  # a length of 64 MiB
    (tmp_path / "m.onnx").write_bytes(IR + graph + b"\x11" + bytes(8) + b"\x15" + bytes(4) + OPSET)
    assert read_model(tmp_path / "m.onnx") == ModelRecord(
        kind="onnx", ir_version=8, opsets={"ai.onnx": 17}
    )


def archive(
    path: Path, schema: str | bytes, method: int = zipfile.ZIP_DEFLATED, name: str = "schema.json"
) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        file.writestr(name, schema)
    return path


def message(path: Path) -> str:
    with pytest.raises(FtiError) as error:
        read_model(path)
    return str(error.value).removeprefix(f"{path.name} cannot be read as a model: ")


def test_unsafe_classes_in_skops_are_named(tmp_path: Path) -> None:
    schema = {"content": {"__module__": "os", "__class__": "system"}}
    text = json.dumps(schema).replace("os", "\\u006fs")
    assert read_model(archive(tmp_path / "m", text)).unsafe == ("os.system",)


@pytest.mark.slow
def test_malformed_archives(tmp_path: Path) -> None:
    path = tmp_path / "m.skops"
    assert message(archive(path, "", name="x")) == (
        "it is a ZIP archive without schema.json, which files of skops have."
    )
    for name, kind in (("credit/data.pkl", "PyTorch"), ("model.weights.h5", "Keras")):
        assert message(archive(path, "", name=name)) == f"files of {kind} are not supported."
    assert message(archive(path, "[")) == "its JSON is not valid."
    assert message(archive(path, "{}", zipfile.ZIP_LZMA)) == (
        "LZMA and BZIP2 compression are not supported in ZIP archives."
    )
    assert message(archive(path, "[" * 20_000)) == "its JSON is nested too deeply."
    assert message(archive(path, bytes(33 << 20))) == "its schema.json has more than 32 MiB."
    data = (MODELS / "2024/linear.skops").read_bytes()
    path.write_bytes(data[:-30])
    assert message(path) == "its ZIP archive is truncated."
    path.write_bytes(data[:9000] + b"x" + data[9001:])
    assert message(path) == "its ZIP archive is damaged."
    path.write_bytes(data[:-10] + (5 << 20).to_bytes(4, "little") + data[-6:])
    assert message(path) == "its ZIP archive has more than 60,000 files."
