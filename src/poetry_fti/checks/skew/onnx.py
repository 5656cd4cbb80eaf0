"""ONNX models that the runtime of another stage cannot read."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from poetry_fti.checks import Finding
from poetry_fti.checks.skew.judge import judge_onnx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.version import Version

    from poetry_fti.checks.skew.facts import OnnxFormat, OnnxFormats
    from poetry_fti.checks.skew.judge import OnnxJudgement
    from poetry_fti.checks.skew.pairs import Pair


def unreadable_onnx(pair: Pair, formats: OnnxFormats) -> Iterator[Finding]:
    """Yield a finding if the consumer's onnxruntime may not read what the producer exports."""
    onnx, onnxruntime = (
        sorted({each.version for each in side.packages.get(name, ())})
        for side, name in zip(pair.sides, ("onnx", "onnxruntime"), strict=True)
    )
    steps = [(each, judge_onnx(formats, *each)) for each in product(onnx, onnxruntime)]
    failing = [(versions, judged) for versions, judged in steps if judged.level is not None]
    if failing:
        yield _finding(pair, *min(failing, key=lambda step: step[1].level != "error"))


def _finding(pair: Pair, versions: tuple[Version, Version], judged: OnnxJudgement) -> Finding:
    producer, consumer = pair.sides
    exporter = f"onnx {versions[0]} of {producer.name}"
    runtime = f"{consumer.build('onnxruntime')} {versions[1]} of {consumer.name}"
    if judged.written and judged.read:
        message = (
            f"{runtime} cannot read models that {exporter} writes by default with"
            f" {_text(judged.written)}: it reads up to {_text(judged.read)}"
        )
        fix = f"Export models with {_text(judged.read)} at most, or"
    else:
        message = (
            f"{runtime} may not read models that {exporter} writes by default: the opset of"
            f" {exporter if judged.written is None else runtime} is unknown"
        )
        fix = "Test that the exported models can be read, or"
    return Finding(
        check="skew",
        stage=consumer.name,
        package="onnx",
        level=judged.level or "warning",
        message=message,
        fix=f"{fix} update {consumer.build('onnxruntime')} in {consumer.name}",
        path=consumer.stage.path,
        transfer=pair.transfer(versions),
    )


def _text(form: OnnxFormat) -> str:
    return f"opset {form.opset} and IR version {form.ir}"
