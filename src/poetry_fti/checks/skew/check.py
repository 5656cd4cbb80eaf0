"""Check `skew`: what one stage saves can be used by the stages that load it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.checks import Check
from poetry_fti.checks.skew.data import load_facts
from poetry_fti.checks.skew.differences import different_versions
from poetry_fti.checks.skew.missing import missing_libraries
from poetry_fti.checks.skew.onnx import unreadable_onnx
from poetry_fti.checks.skew.pairs import pairs
from poetry_fti.checks.skew.python import different_pythons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.checks import Finding
    from poetry_fti.checks.shared.facts import CheckedProject

# Its facts are not those of a package.
_PYTHON: Final = "python"


def _find(project: CheckedProject) -> Iterator[Finding]:
    facts = load_facts()
    packages = {name: each for name, each in facts.packages.items() if name != _PYTHON}
    for pair in pairs(project):
        yield from different_versions(pair, packages, project.align_rules)
        if pair.saves:
            yield from different_pythons(pair, facts.packages[_PYTHON])
            yield from unreadable_onnx(pair, facts.onnx)
            yield from missing_libraries(pair)


CHECK: Final = Check(
    _find,
    "what one stage saves, such as a model, works with the versions of the stages that load it",
    "A model that was saved with one version of a package may not load with another, or load and"
    " predict something else. Each training stage is compared with each inference stage, for the"
    " packages and versions that were measured: models of scikit-learn, xgboost and lightgbm,"
    " pickles, ONNX files, and Python itself for code that cloudpickle saved. Code that feature,"
    " training and inference stages all run is compared, too, because the same code may compute"
    " something else with another numpy or pandas. If feature stages save fitted transformers that"
    " other stages load, set `feature-transformers = true` in [tool.fti.check.skew].\n\nA silent"
    " difference raises no error, and results are wrong. Make the stages agree with a rule in"
    " [[tool.fti.align]], or waive the finding if no model contains what breaks.",
)
