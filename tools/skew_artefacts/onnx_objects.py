"""Models with the versions that onnx writes by default, and with each opset and IR version."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import onnx
from onnx import TensorProto, checker, helper

if TYPE_CHECKING:
    from pathlib import Path

OLD_OPSET, OLD_IR = 15, 8


def _write(path: Path, opset: int | None = None, ir: int | None = None) -> list[float]:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [value], [result])
    options: dict[str, Any] = {}
    if opset is not None:
        options["opset_imports"] = [helper.make_opsetid("", opset)]
    if ir is not None:
        options["ir_version"] = ir
    model = helper.make_model(graph, **options)
    checker.check_model(model)
    onnx.save(model, str(path))
    return [0.0, 2.0]  # of -1 and 2


def _read(path: Path) -> list[float]:
    model = onnx.load(str(path))
    checker.check_model(model)
    return [0.0, 2.0]


WRITERS = (
    {"defaults": _write}
    | {f"opset {opset}": partial(_write, opset=opset, ir=OLD_IR) for opset in range(18, 30)}
    | {f"IR {ir}": partial(_write, opset=OLD_OPSET, ir=ir) for ir in range(8, 16)}
)
READERS = dict.fromkeys(WRITERS, _read)
