"""Rules of agreement with real indexes: see tests/fast/commands/test_rules.py for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness import snapshot
from loopback.index import LoopbackIndex
from small_index import catalogue, lab, pyproject, rule

if TYPE_CHECKING:
    from pathlib import Path

    from small_index import Lab, Releases

pytestmark = pytest.mark.newest_only

LIB: Releases = {"lib 1.0": [], "lib 2.0": [], "lib 3.0": []}


@pytest.fixture
def demo(tmp_path: Path) -> Lab:
    return lab(tmp_path)


FROM_A_SOURCE = """\
[tool.poetry.group.{group}.dependencies]
lib = {{ version = "*", source = "{name}" }}
[[tool.poetry.source]]
name = "{name}"
url = "{url}"
priority = "explicit"
"""


def test_builds_of_a_release_that_only_sources_of_their_own_have_agree(demo: Lab) -> None:
    with (
        LoopbackIndex(catalogue({"lib 2.0+cpu": [], "lib 2.1+cpu": []})) as cpu,
        LoopbackIndex(catalogue({"lib 1.9+cu128": [], "lib 2.0+cu128": []})) as cuda,
    ):
        sources = FROM_A_SOURCE.format(group="feature", name="cpu", url=cpu.simple_url)
        sources += FROM_A_SOURCE.format(group="training", name="cuda", url=cuda.simple_url)
        demo.write(pyproject({"feature": ["lib"], "training": ["lib"]}, sources + rule("lib")))
        demo.lock({})
    assert demo.locked == {"feature": "lib 2.0+cpu", "training": "lib 2.0+cu128"}


def test_tied_stages_go_stale_and_are_locked_together(demo: Lab) -> None:
    groups = {"feature": ["lib"], "training": ["lib"], "inference": ["lib"]}
    demo.write(pyproject(groups, rule("lib")))
    demo.lock(LIB)
    demo.write(pyproject({**groups, "training": ["lib<3"]}, rule("lib")))
    result = demo.run(LIB, "fti", "lock", "--check")
    assert (result.code, result.errors) == (
        3,
        """\
fti/feature/poetry.lock does not match pyproject.toml. Run `poetry fti lock feature`.
fti/training/poetry.lock does not match pyproject.toml. Run `poetry fti lock training`.
""",
    )
    assert demo.lock(LIB, "training") == [
        "feature: locked 1 package: 0 added, 0 removed, 1 updated",
        "  ~ lib 3.0 -> 2.0",
        "training: locked 1 package: 0 added, 0 removed, 1 updated",
        "  ~ lib 3.0 -> 2.0",
        "",
        "1 package is shared between stages, at different versions:",
        "  lib 3.0 in inference, 2.0 in feature and training",
        "    training:  pyproject.toml requires lib <3",
        "",
        (
            "feature: lib 2.0, not 3.0, to agree with training, as tool.fti.align demands"
            " (pyproject.toml requires lib <3)"
        ),
    ]
    assert demo.lock(LIB, "--check") == ["3 locks checked: all fresh."]


def test_a_stage_is_not_locked_if_one_that_is_tied_to_it_cannot_be(demo: Lab) -> None:
    demo.write(pyproject({"feature": ["lib"], "training": ["lib"]}, rule("lib")))
    demo.lock({"lib 1.0": []})
    lock = demo.root / "fti/training/poetry.lock"
    lock.write_text(lock.read_text(encoding="utf-8")[:200], encoding="utf-8")
    before = snapshot(demo.root)
    failed = demo.run(LIB, "fti", "lock", "feature", "--regenerate")
    assert failed.code == 1
    assert failed.errors.startswith(
        "feature: not locked: a rule in tool.fti.align ties it to training, which failed\n"
        "training: fti/training/poetry.lock cannot be read: it is not valid TOML: "
    )
    assert snapshot(demo.root) == before


@pytest.mark.parametrize("stage", ["feature", "training"])
def test_locks_that_came_together_and_break_a_rule_are_stale(stage: str, demo: Lab) -> None:
    groups = {"feature": ["lib"], "training": ["lib"]}
    demo.write(pyproject(groups, rule("lib")))
    demo.lock({"lib 1.0": []})
    lock = demo.root / "fti" / stage / "poetry.lock"
    old = lock.read_text(encoding="utf-8")
    demo.lock(LIB, "--regenerate")
    lock.write_text(old, encoding="utf-8")
    checked = demo.run(LIB, "fti", "lock", "--check")
    assert (checked.code, checked.errors) == (
        3,
        """\
fti/feature/poetry.lock violates a rule of tool.fti.align. Run `poetry fti lock feature`.
fti/training/poetry.lock violates a rule of tool.fti.align. Run `poetry fti lock training`.
""",
    )
    assert demo.run(LIB, "fti", "export").errors.startswith(
        "fti/feature/poetry.lock violates a rule of tool.fti.align."
    )
    demo.lock(LIB)
    assert demo.locked == {"feature": "lib 3.0", "training": "lib 3.0"}
    assert demo.lock(LIB, "--check") == ["2 locks checked: all fresh."]
