"""Releases that Poetry's solver does not expect: another one is found, or one stage fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from poetry_fti.errors import UnsolvableError
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memory_index import MemoryProject
    from small_index import Releases

pytestmark = pytest.mark.slow

GROUPS: Final = {"training": ["bad"], "feature": ["lib"]}
LINUX: Final = (
    '[tool.fti.stages.training]\nplatforms = ["linux/amd64"]\n[tool.fti.stages.feature]\n'
)
LIBS: Final[Releases] = {"lib 0.5": [], "lib 1.0": []}
LOCAL: Final = '[tool.poetry.group.training.dependencies]\nlocal = { path = "local" }\n'


UNUSABLE: Final = {
    "newer": ["bad-newer>=2"],
    "older": ["bad-older<1"],
    "marker": ["bad-marker>=2; python_version < '3.12'"],
    "contradiction": ["lib<1", "lib>=1"],
    "markers": ["lib<1; sys_platform == 'linux'", "lib>=1; sys_platform == 'linux'"],
    "extra": ["bad-extra[x]>=2", "lib; extra == 'x'"],
    "python": ["python>=three"],
}


def test_an_older_release_takes_its_place(demo: MemoryProject) -> None:
    older: Releases = {f"bad-{name} 0.9": [] for name in UNUSABLE}
    newer: Releases = {f"bad-{name} 1.0": requires for name, requires in UNUSABLE.items()}
    demo.index.offer({**LIBS, **older, **newer})
    names = [f"bad-{name}" for name in UNUSABLE]
    demo.write(pyproject({"training": names, "feature": names}, LINUX))
    demo.lock()
    expected = ", ".join(sorted(older))
    assert demo.locked == {"feature": expected, "training": expected}


@pytest.mark.parametrize(
    ("requires", "reason"),
    [(["bad>=2"], "bad (>=2)"), (["lib<1", "lib>=1"], "lib (<1) and lib (>=1)")],
)
def test_without_another_release_one_stage_fails(
    demo: MemoryProject, requires: Sequence[str], reason: str
) -> None:
    demo.index.offer({**LIBS, "bad 1.0": requires})
    demo.write(pyproject(GROUPS))
    error = demo.lock()["training"].error
    assert isinstance(error, UnsolvableError)
    assert str(error) == f"bad 1.0 requires {reason}."
    assert error.explanation == (
        f"Because no versions of bad match !=1.0\n and bad 1.0 requires {reason}, bad is forbidden."
        "\nSo, because demo depends on bad (*), version solving failed."
    )
    assert demo.locked == {"feature": "lib 1.0"}


def test_a_reason_that_the_solver_leaves_out_is_added(demo: MemoryProject) -> None:
    demo.index.offer({**LIBS, "bad 1.0": ["bad>=2"], "bad 2.0": []})
    demo.write(pyproject({**GROUPS, "training": ["bad==1.0"]}))
    error = demo.lock()["training"].error
    assert isinstance(error, UnsolvableError)
    assert str(error) == "bad 1.0 requires bad (>=2)."
    assert error.explanation == (
        "Because demo depends on bad (1.0) which is forbidden, version solving failed.\n"
        "bad 1.0 requires bad (>=2)."
    )


def test_requirements_that_a_release_meets_itself_do_not_matter(demo: MemoryProject) -> None:
    extra = ["bad[x]>=0.5", "bad>=1", "lib<1; extra == 'x'"]
    demo.index.offer({**LIBS, "bad 1.0": extra})
    demo.write(pyproject({**GROUPS, "inference": ["bad[x]"]}))
    demo.lock()
    expected = "bad 1.0, lib 0.5"
    assert demo.locked == {"feature": "lib 0.5", "training": expected, "inference": expected}


def test_a_release_that_the_solver_never_reaches_does_not_decide(demo: MemoryProject) -> None:
    demo.index.offer({**LIBS, "bad 0.9": ["bad>=1", "lib<1", "lib>=1"], "bad 1.0": []})
    demo.write(pyproject(GROUPS))
    demo.lock()
    assert demo.locked == {"feature": "lib 1.0", "training": "bad 1.0"}


def test_a_rule_names_what_a_release_requires_of_itself(demo: MemoryProject) -> None:
    demo.index.offer({**LIBS, "bad 0.9": [], "bad 1.0": ["bad<1; sys_platform == 'win32'"]})
    rule = '[[tool.fti.align]]\nstages = ["feature", "training"]\npackages = ["bad"]\n'
    groups = {"training": ["bad>=1"], "feature": ["bad"]}
    demo.write(pyproject(groups, f'{LINUX}{rule}level = "exact"\n'))
    assert str(demo.lock()["feature"].error) == (
        "feature and training cannot agree as tool.fti.align demands:\n"
        "  feature: bad 1.0 requires bad (<1)\n"
        "  feature: pyproject.toml requires bad\n"
        "  training: pyproject.toml requires bad >=1"
    )


def test_a_difference_names_what_a_release_requires_of_itself(demo: MemoryProject) -> None:
    demo.index.offer({**LIBS, "bad 0.9": [], "bad 1.0": ["bad<1; sys_platform == 'win32'"]})
    demo.write(pyproject({"training": ["bad>=1"], "feature": ["bad"]}, LINUX))
    result = demo.lock()
    assert demo.locked == {"feature": "bad 0.9", "training": "bad 1.0"}
    reasons = [each.text for each in result["feature"].explanations]
    assert reasons == ["bad 1.0 requires bad (<1)"]


@pytest.mark.parametrize(
    ("local", "error"),
    [
        (
            'name = "other"',
            "The dependency name for local does not match the actual package's name",
        ),
        ('name = "local"\nrequires-python = "three"', "Could not parse version constraint: three"),
        ('name = "local"\ndependencies = ["lib>="]', "The requirement is invalid: invalid version"),
    ],
)
def test_a_local_package_that_cannot_be_read_is_named(
    demo: MemoryProject, local: str, error: str
) -> None:
    demo.index.offer(LIBS)
    folder = demo.root / "local"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(f'[project]\nversion = "1"\n{local}\n', encoding="utf-8")
    demo.write(pyproject({"feature": ["lib"]}, LOCAL))
    assert str(demo.lock()["training"].error).startswith(f"Poetry cannot read local: {error}")
    assert demo.locked == {"feature": "lib 1.0"}


def test_requirements_that_contradict_their_details_fail_one_stage(demo: MemoryProject) -> None:
    demo.index.offer(LIBS)
    details = '[tool.poetry.group.training.dependencies]\nlib = "<1"\n'
    demo.write(pyproject({"feature": ["lib"], "training": ["lib>=1"]}, details))
    assert str(demo.lock()["training"].error) == (
        "pyproject.toml: Cannot enrich dependency with incompatible constraints: lib (>=1) and"
        " lib (<1)"
    )
    assert demo.locked == {"feature": "lib 1.0"}
