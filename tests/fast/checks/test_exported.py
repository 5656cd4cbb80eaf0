"""Check `exported`: files of earlier exports that are not up to date."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

import checked
from memory_commands import run
from poetry_fti.checks import load_check
from poetry_fti.checks.shared.facts import ExportedFiles
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

pytestmark = pytest.mark.slow

GROUPS: Final = {"training": ["app"], "inference": ["mid"]}
SILENT: Final = "1 check run: nothing found.\n"


def findings(*files: ExportedFiles, stale: str = "") -> list[str]:
    """Return the findings on files of a project with the stages training and inference."""
    stages = (
        checked.stage("training", {"app": "1.0"}, problem=stale),
        checked.stage("inference", {"mid": "1.0"}),
    )
    project = replace(checked.project(*stages), exports=lambda: files)
    return [
        f"{each.stage}: {each.level}: {each.message}. {each.because or each.fix}"
        for each in load_check("exported").find(project)
    ]


def exported(demo: MemoryProject, *words: str) -> None:
    demo.index.offer({"app 1.0": [], "app 2.0": [], "mid 1.0": []})
    demo.write(pyproject({"training": ["app<2"], "inference": ["mid"]}))
    demo.lock()
    assert run(demo, "export", *words).code == 0


def relocked(demo: MemoryProject) -> None:
    demo.write(pyproject(GROUPS))
    demo.lock()
    demo.update()
    demo.index.requests.clear()


def check(demo: MemoryProject) -> str:
    return run(demo, "check", "--only", "exported").output


def test_every_state_of_files_has_its_finding() -> None:
    assert findings() == []
    assert findings(
        ExportedFiles(stage="training", state="outdated", paths=("fti/training/a",)),
        ExportedFiles(stage="training", state="missing", paths=("fti/training/a", "b")),
        ExportedFiles(stage="training", state="obsolete", paths=("fti/training/a",)),
        ExportedFiles(stage=None, state="unused", paths=("fti/a", "fti/b")),
        ExportedFiles(stage="inference", state="failed", reason="A base is wrong."),
    ) == [
        (
            "training: error: fti/training/a differs from what the lock and pyproject.toml export."
            " Run `poetry fti export training`"
        ),
        (
            "training: error: fti/training/a and b are missing beside the files that are exported"
            " with them. Run `poetry fti export training`"
        ),
        "training: warning: fti/training/a is no longer used. Run `poetry fti export training`",
        "None: warning: fti/a and fti/b are no longer updated by any export. Delete them",
        (
            "inference: error: `poetry fti export inference` fails, so the files of earlier exports"
            " may be outdated. A base is wrong"
        ),
    ]


def test_stages_with_stale_locks_are_left_to_the_check_fresh() -> None:
    stale = ExportedFiles(stage="training", state="outdated", paths=("fti/training/a",))
    whole = ExportedFiles(stage=None, state="outdated", paths=("fti/a",))
    assert findings(stale, whole, stale="It is stale.") == [
        (
            "None: error: fti/a differs from what the lock and pyproject.toml export."
            " Run `poetry fti export inference`"
        )
    ]


def test_a_project_that_is_never_exported_needs_no_files(locked_demo: MemoryProject) -> None:
    assert check(locked_demo) == SILENT


def test_the_command_that_is_named_updates_the_files(demo: MemoryProject) -> None:
    exported(demo)
    assert check(demo) == SILENT
    relocked(demo)
    assert check(demo) == (
        """\
training
  error fti/training/pylock.training.toml and fti/training/requirements.txt differ from what the\
 lock and pyproject.toml export [exported]
    Run `poetry fti export training`.

1 check run: 1 error, 0 warnings.
"""
    )
    assert demo.index.requests == []
    assert run(demo, "export", "training").code == 0
    assert check(demo) == SILENT


def test_options_of_the_export_are_kept(demo: MemoryProject) -> None:
    exported(demo, "--format", "requirements", "--no-hashes")
    assert check(demo) == SILENT


def test_dockerfiles_without_known_sizes_need_no_index(demo: MemoryProject) -> None:
    exported(demo, "--format", "dockerfile", "--format", "requirements")
    assert """\
training
  warning fti/training/Dockerfile is not compared: its layers depend on sizes of packages, which\
 are unknown [exported]
    Compare it with `poetry fti export training --check`, or export the format pylock, too.
""" in check(demo)
    relocked(demo)
    assert "error fti/training/requirements.txt differs from" in check(demo)
    assert demo.index.requests == []


def test_dockerfiles_are_compared_while_the_sizes_of_packages_are_known(
    demo: MemoryProject,
) -> None:
    exported(demo)
    demo.index.requests.clear()
    image = '[tool.fti.stages.training.image]\nuser = "7"\n'
    demo.write(pyproject({"training": ["app<2"], "inference": ["mid"]}, image))
    assert "error fti/training/Dockerfile differs from" in check(demo)
    assert demo.index.requests == []


def test_files_of_all_stages_belong_to_the_project(demo: MemoryProject) -> None:
    exported(demo, "--merged")
    assert check(demo) == SILENT
    relocked(demo)
    assert check(demo).startswith("project\n  error fti/pylock.toml differs from")
    demo.write(pyproject({"training": ["app"], "inference": []}))
    assert check(demo) == SILENT


def test_files_that_a_format_no_longer_writes_are_reported(demo: MemoryProject) -> None:
    exported(demo)
    (demo.root / "fti/training/Dockerfile.dockerignore").unlink()
    folder = demo.root / "fti/inference"
    (folder / "old.txt").write_text((folder / "requirements.txt").read_text())
    assert check(demo) == (
        """\
inference
  warning fti/inference/old.txt is no longer updated by any export [exported]
    Delete it.

training
  error fti/training/Dockerfile.dockerignore is missing beside the files that are exported with it\
 [exported]
    Run `poetry fti export training`.

1 check run: 1 error, 1 warning.
"""
    )


def test_a_stage_that_cannot_be_exported_does_not_hide_the_others(demo: MemoryProject) -> None:
    exported(demo)
    relocked(demo)
    base = '[tool.fti.stages.inference.image]\nbase = "python:3.10"\n'
    demo.write(pyproject(GROUPS, base))
    assert check(demo) == (
        """\
inference
  error `poetry fti export inference` fails, so the files of earlier exports may be outdated\
 [exported]
    python:3.10 has Python 3.10, but the stage "inference" is locked for Python >=3.11. Set\
 tool.fti.stages.inference.image.base or tool.fti.stages.inference.python so that they agree
    Solve the problem, then run `poetry fti export inference`.

training
  error fti/training/pylock.training.toml and fti/training/requirements.txt differ from what the\
 lock and pyproject.toml export [exported]
    Run `poetry fti export training`.

1 check run: 2 errors, 0 warnings.
"""
    )
