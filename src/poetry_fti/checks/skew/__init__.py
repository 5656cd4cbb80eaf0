"""Version skew: what breaks where a model is saved with one version and loaded with another.

`load_facts` returns what was measured, `judge` and `judge_onnx` apply it to a pair of versions.
"""

from __future__ import annotations

from poetry_fti.checks.skew.check import CHECK
from poetry_fti.checks.skew.data import load_facts
from poetry_fti.checks.skew.facts import Boundary, OnnxFormat, PackageFacts, SkewFacts
from poetry_fti.checks.skew.judge import Judgement, OnnxJudgement, judge, judge_onnx

__all__ = [
    "CHECK",
    "Boundary",
    "Judgement",
    "OnnxFormat",
    "OnnxJudgement",
    "PackageFacts",
    "SkewFacts",
    "judge",
    "judge_onnx",
    "load_facts",
]
