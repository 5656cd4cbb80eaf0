"""`poetry fti clone`: a new stage that starts as an old one, with its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from harness import snapshot
from small_index import lab, pyproject

if TYPE_CHECKING:
    from pathlib import Path

    from small_index import Lab, Releases

OLD: Releases = {"app 1.0": ["lib"], "lib 1.0": []}
NEWER: Releases = {**OLD, "lib 2.0": [], "app 2.0": []}
STAGES: Final = '[tool.fti.stages.training]\n# on what it runs\nplatforms = ["linux/amd64"]\n'


@pytest.fixture
def demo(tmp_path: Path) -> Lab:
    demo = lab(tmp_path)
    demo.write(pyproject({"training": ["app"], "shared": ["lib"]}, STAGES))
    demo.lock(OLD)
    return demo


def test_a_clone_keeps_the_versions_of_the_old_stage(demo: Lab) -> None:
    done = demo.run(NEWER, "fti", "clone", "training", "second")
    assert (done.code, done.output) == (
        0,
        "Created the stage second from training.\nLock it with poetry fti lock second.\n",
    )
    text = (demo.root / "pyproject.toml").read_text(encoding="utf-8")
    assert 'second = ["app"]' in text.replace("'", '"')
    copied = STAGES.replace("training", "second")
    assert text.rstrip("\n").endswith(f'{STAGES}\n{copied}kind = "training"')
    listed = demo.run(NEWER, "fti", "list").output.splitlines()
    assert [line.split()[0] + " " + line.split()[-2] for line in listed[1:3]] == [
        "second stale",
        "training fresh",
    ]
    assert demo.lock(NEWER, "second")[0] == "second: locked 2 packages, no version changed"
    assert demo.locked == {"training": "app 1.0, lib 1.0", "second": "app 1.0, lib 1.0"}


@pytest.mark.newest_only
def test_a_stage_that_is_not_locked_is_cloned_without_a_lock(demo: Lab) -> None:
    (demo.root / "fti/training/poetry.lock").unlink()
    assert demo.run(OLD, "fti", "clone", "training", "second").code == 0
    assert not (demo.root / "fti/second").exists()


@pytest.mark.newest_only
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (
            "trainig second",
            2,
            'There is no stage "trainig"; did you mean "training"? (stages: training)',
        ),
        (
            "training Training",
            2,
            'There is already a stage "Training". Choose another name for the new one.',
        ),
        (
            "training shared",
            2,
            'There is already a dependency group "shared". Choose another name for the stage.',
        ),
        (
            "training left",
            1,
            (
                "fti/left/poetry.lock was left by a former stage. Remove it with"
                " `poetry fti clean`, or give the new stage another name."
            ),
        ),
    ],
)
def test_errors_leave_everything_as_it_is(demo: Lab, words: str, code: int, message: str) -> None:
    (demo.root / "fti/left").mkdir()
    (demo.root / "fti/left/poetry.lock").touch()
    before = snapshot(demo.root)
    done = demo.run(OLD, "fti", "clone", *words.split())
    assert (done.code, done.output, done.errors) == (code, "", f"{message}\n")
    assert snapshot(demo.root) == before
