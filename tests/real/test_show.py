"""`poetry fti show`: what `poetry show` would show if the stage were a project of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Poetry

pytestmark = pytest.mark.every_minor


def test_the_packages_of_a_stage_with_and_without_environment(
    poetry: Poetry, locked_tiny: Path
) -> None:
    assert poetry.ok(locked_tiny, "fti", "show", "feature").splitlines() == [
        "alpha           (!) 1.5 ",
        "dotted-name-pkg (!) 1.0 ",
        "sparkish        (!) 3.5 ",
    ]
    poetry.ok(locked_tiny, "fti", "install", "feature")
    assert poetry.ok(locked_tiny, "fti", "show", "feature").splitlines() == [
        "alpha           1.5 ",
        "dotted-name-pkg 1.0 ",
        "sparkish        3.5 ",
    ]
    outdated = poetry(locked_tiny, "fti", "show", "feature", "--outdated")
    assert (outdated.output, outdated.errors) == ("alpha 1.5 2.0 \n", "")
    listed = json.loads(poetry.ok(locked_tiny, "fti", "show", "feature", "--latest", "-f", "json"))
    assert [(each["name"], each["latest_version"]) for each in listed] == [
        ("alpha", "2.0"),
        ("dotted-name-pkg", "1.0"),
        ("sparkish", "3.5"),
    ]


def test_trees_and_reasons(poetry: Poetry, locked_tiny: Path) -> None:
    assert poetry.ok(locked_tiny, "fti", "show", "training", "--tree").splitlines()[:3] == [
        "boosting 1.0",
        "├── alpha >=1.5",
        "└── drawing 0.3",
    ]
    why = poetry.ok(locked_tiny, "fti", "show", "feature", "alpha", "--tree", "--why")
    assert why.splitlines() == ["sparkish 3.5", "└── alpha <2"]
    one = poetry.ok(locked_tiny, "fti", "show", "feature", "alpha")
    assert "version      : 1.5" in one
    top = poetry.ok(locked_tiny, "fti", "show", "inference", "--top-level").split()
    assert "sourceonly" in top
    assert "typing-backfill" not in top


def test_a_stale_lock_is_shown_with_a_warning_and_a_missing_one_not(
    poetry: Poetry, locked_tiny: Path
) -> None:
    pyproject = locked_tiny / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8").replace('["sparkish"]', '["sparkish>=3"]')
    pyproject.write_text(text, encoding="utf-8")
    stale = poetry(locked_tiny, "fti", "show", "feature")
    assert stale.code == 0
    assert "sparkish" in stale.output
    assert stale.errors == (
        "Warning: fti/feature/poetry.lock does not match pyproject.toml."
        " Run `poetry fti lock feature`.\n"
    )
    (locked_tiny / "fti/feature/poetry.lock").unlink()
    missing = poetry(locked_tiny, "fti", "show", "feature")
    assert (missing.code, missing.output) == (1, "")
    assert missing.errors == (
        "fti/feature/poetry.lock is missing. Run `poetry fti lock feature`.\n"
    )
    unknown = poetry(locked_tiny, "fti", "show", "training", "nosuch")
    assert (unknown.code, unknown.errors) == (1, "\nPackage nosuch not found\n")
