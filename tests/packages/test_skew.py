"""What the check `skew` predicts from locks is what real packages do.

Each test installs several versions of a package from the index that pip is configured for: see
`make test-packages`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from hand_locks import write_lock
from poetry_fti.operations.check.run import CheckRequest, run_checks
from poetry_fti.operations.project import load_project
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from poetry_fti.checks import Finding

SCRIPT: Final = Path(__file__).parents[2] / "tools" / "measure_skew.py"
# Whatever both sides have in the same version.
OTHERS: Final = ("numpy==1.26.4", "scipy==1.11.4", "joblib==1.4.2", "threadpoolctl==3.5.0")
STEP: Final = re.compile(r"\S+ (?P<producer>\S+) -> \S+ (?P<consumer>[^\s:]+): (?P<outcome>.*)")


def measured(
    package: str, versions: Iterable[str], others: Iterable[str]
) -> Mapping[tuple[str, str], list[str]]:
    """Return what fails in each ordered pair of versions, as the tool measures it."""
    options = [f"--with={each}" for each in (*OTHERS, *others)]
    command = [sys.executable, str(SCRIPT), package, *versions, *options]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    steps: dict[tuple[str, str], list[str]] = {}
    for found in filter(None, map(STEP.fullmatch, output.splitlines())):
        failures = steps.setdefault((found["producer"], found["consumer"]), [])
        failures += [] if found["outcome"] == "works" else [found["outcome"]]
    return steps


def predicted(root: Path, package: str, producer: str, consumer: str) -> Finding | None:
    """Return what the check finds in a project whose stages have these versions locked."""
    root.mkdir()
    groups = {"training": [package], "inference": [package]}
    (root / "pyproject.toml").write_text(pyproject(groups), encoding="utf-8")
    write_lock(root, "training", {package: producer})
    write_lock(root, "inference", {package: consumer})
    report = run_checks(load_project(root), CheckRequest(checks=("skew",)))
    return next(iter(report.findings), None)


@pytest.mark.parametrize(
    ("package", "versions", "others"),
    [
        ("scikit-learn", ("1.4.2", "1.5.2"), ()),
        ("scikit-learn", ("1.6.1", "1.7.2"), ()),
        ("xgboost", ("3.0.5", "3.1.1"), ("scikit-learn==1.6.1",)),
        ("xgboost", ("2.0.3", "2.1.4"), ("scikit-learn==1.5.2",)),
    ],
)
def test_what_is_predicted_is_what_happens(
    tmp_path: Path, package: str, versions: tuple[str, ...], others: tuple[str, ...]
) -> None:
    happened = measured(package, versions, others)
    assert happened.keys() == set(permutations(versions, 2))
    for (producer, consumer), failures in happened.items():
        finding = predicted(tmp_path / f"{producer}-{consumer}", package, producer, consumer)
        assert bool(finding) == bool(failures), (producer, consumer, failures)
        if finding is not None and finding.transfer is not None and finding.transfer.silent:
            assert any("SILENT" in each for each in failures)
