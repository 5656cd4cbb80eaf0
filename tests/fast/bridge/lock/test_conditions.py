"""What makes a lock stale beyond its derived project, and what does not."""

from __future__ import annotations

from functools import cache
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from memory_index import MemoryIndex
from poetry_fti.operations.project import load_project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PYPROJECT = dedent("""\
    [project]
    name = "demo"
    version = "1"
    requires-python = ">=3.11"
    dependencies = []
    [dependency-groups]
    feature = ["lib", "app"]
    training = ["lib"]
    inference = ["lib"]
    [tool.poetry]
    package-mode = false
    [[tool.fti.align]]
    packages = ["lib", "app"]
    stages = ["feature", "training"]
    [[tool.fti.align]]
    packages = ["app-*"]
    stages = ["feature", "training"]
    level = "minor"
    [tool.fti.stages.feature]
    platforms = ["linux/amd64", "linux/arm64"]
    overrides = { numpy = ">=2", urllib3 = "*" }
    [tool.fti.stages.training]
    [tool.fti.stages.inference]
    """)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@cache  # most tests compare with the same text
def conditions(root: Path, text: str) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Return what decides on whether locks are fresh: by stage, the content hash and the table."""
    (root / "pyproject.toml").write_text(text, encoding="utf-8")
    project = load_project(root, MemoryIndex().create_poetry, check=False)
    lockers = {stage.name: stage.lock.locker for stage in project.stages}
    return {name: (locker.content_hash, locker.conditions) for name, locker in lockers.items()}


def changed(root: Path, old: str, new: str, *, text: str = PYPROJECT) -> list[str]:
    """Return the stages whose locks go stale when a text of the pyproject.toml is replaced."""
    assert old in text
    before, after = conditions(root, text), conditions(root, text.replace(old, new, 1))
    return [stage for stage in before if before[stage] != after[stage]]


def test_the_table_of_each_stage(root: Path) -> None:
    found = {stage: dict(table) for stage, (_, table) in conditions(root, PYPROJECT).items()}
    align = [
        {"level": "exact", "packages": ["app", "lib"], "stages": ["feature", "training"]},
        {"level": "minor", "packages": ["app-*"], "stages": ["feature", "training"]},
    ]
    assert found["feature"].pop("tied").keys() == {"training"}
    assert found["training"].pop("tied").keys() == {"feature"}
    assert found == {
        "feature": {
            "platforms": ["linux/amd64", "linux/arm64"],
            "overrides": {"numpy": ">=2", "urllib3": "*"},
            "align": align,
        },
        "training": {"align": align},
        "inference": {},
    }


FIRST_RULE = '[[tool.fti.align]]\npackages = ["lib", "app"]\nstages = ["feature", "training"]\n'
SECOND_RULE = (
    '[[tool.fti.align]]\npackages = ["app-*"]\nstages = ["feature", "training"]\nlevel = "minor"\n'
)
ORDERS = {
    "platforms": ('"linux/amd64", "linux/arm64"', '"linux/arm64", "linux/amd64"'),
    "overrides": ('numpy = ">=2", urllib3 = "*"', 'urllib3 = "*", numpy = ">=2"'),
    "packages of a rule": ('"lib", "app"]\nstages', '"app", "lib"]\nstages'),
    "spelling of a package": ('["app-*"]', '["App_*"]'),
    "stages of a rule": ('"feature", "training"', '"training", "feature"'),
    "rules": (FIRST_RULE + SECOND_RULE, SECOND_RULE + FIRST_RULE),
    "a default that is spelled out": (FIRST_RULE, f'{FIRST_RULE}level = "exact"\n'),
    "stages": (
        "[tool.fti.stages.training]\n[tool.fti.stages.inference]\n",
        "[tool.fti.stages.inference]\n[tool.fti.stages.training]\n",
    ),
    "groups": (
        'training = ["lib"]\ninference = ["lib"]\n',
        'inference = ["lib"]\ntraining = ["lib"]\n',
    ),
}


@pytest.mark.slow_after(4)
@pytest.mark.parametrize("replacement", ORDERS.values(), ids=ORDERS)
def test_the_order_in_which_something_is_written_makes_no_lock_stale(
    replacement: tuple[str, str], root: Path
) -> None:
    assert changed(root, *replacement) == []


IRRELEVANT = {
    "the version of the project": ('version = "1"', 'version = "2"'),
    "the environment of a stage": (
        "[tool.fti.stages.training]\n",
        '[tool.fti.stages.training]\nenv = { A = "1" }\n',
    ),
    "a constraint": (
        "[tool.fti.stages.training]\n",
        '[tool.fti.stages.training]\nconstraints = ["lib>=1"]\n',
    ),
    "another group": ("[dependency-groups]\n", '[dependency-groups]\ndev = ["pytest"]\n'),
}


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("replacement", IRRELEVANT.values(), ids=IRRELEVANT)
def test_what_no_lock_depends_on_makes_none_stale(replacement: tuple[str, str], root: Path) -> None:
    assert changed(root, *replacement) == []


BOTH = ["feature", "training"]
CHANGES = {
    "a tied stage's dependencies": ('feature = ["lib", "app"]', 'feature = ["lib"]', BOTH),
    "the other one's": ('training = ["lib"]', 'training = ["lib>=2"]', BOTH),
    "an untied stage's": ('inference = ["lib"]', 'inference = ["lib>=2"]', ["inference"]),
    "a tied stage's platforms": (', "linux/arm64"]', "]", BOTH),
    "its overrides": (', urllib3 = "*"', "", BOTH),
    "an untied stage's platforms": (
        "[tool.fti.stages.inference]\n",
        '[tool.fti.stages.inference]\nplatforms = ["linux/amd64"]\n',
        ["inference"],
    ),
    "an untied stage's overrides": (
        "[tool.fti.stages.inference]\n",
        '[tool.fti.stages.inference]\noverrides = { lib = "*" }\n',
        ["inference"],
    ),
    "an untied stage's exclusions": (
        "[tool.fti.stages.inference]\n",
        '[tool.fti.stages.inference]\nexclude = ["lib"]\n',
        ["inference"],
    ),
    "a tied stage's Python": (
        "[tool.fti.stages.training]\n",
        '[tool.fti.stages.training]\npython = ">=3.12"\n',
        BOTH,
    ),
    "the packages of a rule": ('["app-*"]', '["app-*", "mid"]', BOTH),
    "the level of a rule": ('level = "minor"', 'level = "major"', BOTH),
    "another rule": (FIRST_RULE, "", BOTH),
    "the stages of a rule": (
        'stages = ["feature", "training"]\n[[',
        'stages = ["inference", "training"]\n[[',
        [*BOTH, "inference"],
    ),
    "what all stages ask for": ("dependencies = []", 'dependencies = ["x"]', [*BOTH, "inference"]),
}


@pytest.mark.slow_after(4)
@pytest.mark.parametrize(("old", "new", "stale"), CHANGES.values(), ids=CHANGES)
def test_a_lock_goes_stale_by_what_its_stage_and_those_tied_to_it_ask_for(
    old: str, new: str, stale: list[str], root: Path
) -> None:
    assert changed(root, old, new) == stale


CHAIN = (
    'packages = ["app-*"]\nstages = ["feature", "training"]',
    'packages = ["app-*"]\nstages = ["training", "inference"]',
)


@pytest.mark.slow_after(2)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('feature = ["lib", "app"]', 'feature = ["lib"]'),
        ('inference = ["lib"]', 'inference = ["lib>=2"]'),
        ('level = "minor"', 'level = "major"'),
        ('packages = ["lib", "app"]', 'packages = ["lib"]'),
    ],
    ids=["one end", "the other end", "a rule at one end", "a rule at the other end"],
)
def test_locks_of_stages_that_are_tied_by_another_go_stale_together(
    old: str, new: str, root: Path
) -> None:
    text = PYPROJECT.replace(*CHAIN)
    assert changed(root, old, new, text=text) == [*BOTH, "inference"]
