"""`add`, `remove` and `update` on several stages at once, and the versions that `add` selects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from memory_commands import Ended, run
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

pytestmark = pytest.mark.slow

SHARED: Final = """\
[tool.fti.stages.training]
groups = ["training", "common"]
[tool.fti.stages.inference]
groups = ["inference", "common"]
[tool.fti.stages.feature]
"""


def text_of(demo: MemoryProject) -> str:
    return (demo.root / "pyproject.toml").read_text(encoding="utf-8")


def test_a_package_is_added_to_several_stages_and_removed_from_all(
    locked_demo: MemoryProject,
) -> None:
    before = locked_demo.locked["feature"]
    locked_demo.index.offer({"tqdm 1.0": [], "lib 1.0": [], "mid 1.0": [], "app 1.0": []})
    added = run(locked_demo, "add", "training,inference", "tqdm", "--lock")
    assert added.code == 0
    assert added.output.startswith("Using version ^1.0 for tqdm\n\nUsing version ^1.0 for tqdm\n")
    assert text_of(locked_demo).count("tqdm (>=1.0,<2.0)") == 2
    locked = locked_demo.locked
    assert locked["feature"] == before
    assert [name for name, packages in locked.items() if "tqdm 1.0" in packages] == [
        "inference",
        "training",
    ]
    removed = run(
        locked_demo, "remove", "tqdm", "--stage", "training", "--stage", "inference", "--lock"
    )
    assert removed.code == 0
    assert "tqdm" not in text_of(locked_demo)


def test_all_stages_change_or_none(locked_demo: MemoryProject) -> None:
    locked_demo.index.offer(
        {
            "new 1.0": ["lib>1"],
            "app 1.0": ["lib"],
            "lib 1.0": [],
            "lib 2.0": [],
            "mid 1.0": ["lib<2"],
        }
    )
    text, locked = text_of(locked_demo), locked_demo.locked
    failed = run(locked_demo, "add", "--all", "new", "--lock")
    assert failed.code == 1
    assert failed.errors.endswith("\nNo changes were applied.\n")
    assert (text_of(locked_demo), locked_demo.locked) == (text, locked)
    missing = run(locked_demo, "remove", "training,feature", "mid")
    assert missing == Ended(2, "", '"mid" is not a dependency of "feature".\n')
    assert (text_of(locked_demo), locked_demo.locked) == (text, locked)


def test_a_stage_in_the_place_of_a_package(locked_demo: MemoryProject) -> None:
    assert run(locked_demo, "add", "training", "inference", "tqdm") == Ended(
        2,
        "",
        '"inference" is a stage, not a package. Name stages before packages:'
        " `poetry fti add training,inference tqdm`.\n",
    )
    assert run(locked_demo, "remove", "mid").errors == (
        "No stage is named. Run `poetry fti remove STAGE mid`."
        " The project has the stages feature, training and inference.\n"
    )


def test_stages_that_share_the_group_are_locked_too(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [], "mid 1.0": []})
    demo.write(pyproject({"training": [], "inference": [], "common": [], "feature": []}, SHARED))
    demo.lock()
    added = run(demo, "add", "training", "lib", "--group", "common", "--lock")
    assert added.output.endswith("inference includes the group common: it was locked, too.\n")
    assert demo.locked == {"feature": "", "inference": "lib 1.0", "training": "lib 1.0"}
    both = run(demo, "add", "training,inference", "mid", "--group", "common", "--lock")
    assert both.output.count("Using version") == 1
    assert "it was locked, too" not in both.output
    assert text_of(demo).count("mid (") == 1


def test_the_version_fits_the_python_and_the_platforms(demo: MemoryProject) -> None:
    demo.index.offer(
        {
            "new 1.0": [],
            "new 2.0": ["python >=3.11"],
            "new 3.0": ["python >=3.12"],
            "apple 1.0": [],
            "apple 2.0": ["wheel py3-none-macosx_11_0_arm64"],
            "old 1.0": ["python >=3.99"],
            "capped 1.0": [],
            "capped 2.0": ["python >=3.11,<3.15"],
        }
    )
    settings = '[tool.fti.stages.training]\nplatforms = ["linux/amd64"]\n'
    settings += '[tool.fti.stages.inference]\npython = ">=3.12"\n'
    demo.write(pyproject({"training": [], "inference": []}, settings))
    assert run(demo, "add", "inference", "new", "--dry-run").output.startswith(
        "Using version ^3.0 for new\n"
    )
    assert run(demo, "add", "--all", "new", "apple", "--lock").output.startswith(
        "Using version ^2.0 for new\nUsing version ^1.0 for apple\n"
    )
    assert run(demo, "add", "inference", "old").errors == (
        "No release of old can be installed in inference (Python >=3.12 on any platform)."
        " To add it for some Pythons or platforms only, use `--python`, `--platform` or"
        " `--markers`.\n"
    )
    # Poetry explains how to restrict the stage's Python.
    assert run(demo, "add", "inference", "capped").output.startswith("Using version ^2.0")


def test_advice_is_about_the_stage(locked_demo: MemoryProject) -> None:
    assert run(locked_demo, "add", "training", "mid") == Ended(
        0,
        "training already requires mid. To update it as pyproject.toml allows, run"
        " `poetry fti update mid --stage training`; to require its newest version,"
        " `poetry fti add training mid@latest`.\nNothing to add.\n",
    )


def test_updates_take_stages_before_packages(locked_demo: MemoryProject) -> None:
    done = run(locked_demo, "update", "training,feature", "lib", "--dry-run")
    assert "inference" not in done.output
    assert run(locked_demo, "update", "training", "--dry-run").output.startswith("training: ")
    assert run(locked_demo, "update", "training,nowhere").errors.startswith(
        'There is no stage "nowhere"'
    )
    assert run(locked_demo, "update", "lib", "training").errors == (
        '"training" is a stage, not a package. Name stages before packages:'
        " `poetry fti update training lib`.\n"
    )
