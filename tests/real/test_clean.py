"""`poetry fti clean`: what former stages left, removed after asking, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness import Result, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Poetry

pytestmark = pytest.mark.newest_only

WRITTEN = "poetry.lock, pylock.training.toml, requirements.txt"
QUESTION = "Remove fti/training? (yes/no) [no] "


@pytest.fixture
def former(locked_tiny: Path, poetry: Poetry) -> Path:
    """A project whose stage `training` is gone, but for what was written for it."""
    poetry.ok(locked_tiny, "fti", "export", "--format", "requirements", "--format", "pylock")
    path = locked_tiny / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("[tool.fti.stages.training]\n", "").replace("\ntraining = ", "\nformer = ")
    path.write_text(text, encoding="utf-8")
    return locked_tiny


def clean(poetry: Poetry, root: Path, *words: str, answer: str | None = None) -> Result:
    return poetry(root, "fti", "clean", *words, answers=answer, timeout=60)


def test_a_leftover_is_listed_and_removed_when_the_answer_is_yes(
    former: Path, poetry: Poetry
) -> None:
    before = snapshot(former)
    listed = poetry.ok(former, "fti", "list").splitlines()
    assert listed[-2:] == [
        "Folders that belong to no stage: fti/training",
        "Run poetry fti clean to remove them.",
    ]
    done = clean(poetry, former, answer="yes\n")
    assert done == Result(0, f"fti/training: {WRITTEN}\n  removed\n", QUESTION)
    assert not (former / "fti" / "training").exists()
    after = snapshot(former)
    assert before.keys() - after.keys() == {f"fti/training/{name}" for name in WRITTEN.split(", ")}
    assert after.items() <= before.items()
    nothing = "Nothing to remove: every folder belongs to a stage.\n"
    assert clean(poetry, former) == Result(0, nothing, "")


@pytest.mark.parametrize(
    ("words", "answer", "asked"),
    [
        ((), "no\n", QUESTION),
        ((), "\n", QUESTION),
        ((), None, f"{QUESTION}\n"),  # no input at all, as in CI
        (("-n",), "yes\n", ""),
    ],
)
def test_nothing_is_removed_without_a_yes(
    former: Path, poetry: Poetry, words: tuple[str, ...], answer: str | None, asked: str
) -> None:
    before = snapshot(former)
    done = clean(poetry, former, *words, answer=answer)
    assert done == Result(0, f"fti/training: {WRITTEN}\n  kept\n", asked)
    assert snapshot(former) == before


def test_what_poetry_fti_did_not_write_stays(former: Path, poetry: Poetry) -> None:
    folder = former / "fti" / "training"
    (folder / "notes <b>.md").write_text("mine\n", encoding="utf-8")
    (folder / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    foreign = former / "fti" / "foreign"
    foreign.mkdir()
    for name in ("pyproject.toml", "poetry.lock"):
        (foreign / name).write_text("# another project's\n", encoding="utf-8")
    elsewhere = former / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "poetry.lock").touch()
    (former / "fti" / "link").symlink_to(elsewhere)
    output = poetry.ok(former, "fti", "clean", "--yes", "--no-interaction")
    assert output == (
        f"fti/training: {WRITTEN}\n  kept files that poetry-fti did not write: Dockerfile,"
        " notes <b>.md\n"
    )
    assert {path.name for path in folder.iterdir()} == {"Dockerfile", "notes <b>.md"}
    assert len(list(foreign.iterdir())) == 2
    assert (elsewhere / "poetry.lock").exists()


def test_quiet_still_removes(former: Path, poetry: Poetry) -> None:
    assert poetry.ok(former, "fti", "clean", "--yes", "--quiet") == ""
    assert not (former / "fti" / "training").exists()
