"""The models of `onnx_objects`, run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnxruntime

if TYPE_CHECKING:
    from pathlib import Path


def _read(path: Path) -> list[float]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    values = np.array([-1, 2], np.float32)
    return [float(each) for each in session.run(None, {"x": values})[0]]


READERS = {
    "defaults": _read,
    **{f"opset {opset}": _read for opset in range(18, 30)},
    **{f"IR {ir}": _read for ir in range(8, 16)},
}
