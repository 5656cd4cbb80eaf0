"""`poetry fti why`: exact output for packages that stages contain, or could contain."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from fast.conftest import filled, project_in
from memory_commands import Ended, run
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

RELEASES: Final = {
    "spark 3.5": ["arrow>=4; extra == 'sql'", "frames; extra == 'ml'", "core"],
    "core 1.0": ["scikit-learn>=1.5; extra == 'test'"],
    "frames 2.0": ["arrow>=5,<9", "zones; sys_platform == 'win32'"],
    "arrow 8.0": [],
    "arrow 9.0": [],
    "zones 1.0": [],
    "tracker 2.1": ["spark[sql]", "frames"],
    "polars 1.0": ["arrow; python_version >= '3.12'"],
}
PROJECT: Final = """\
[project]
name = "demo"
version = "1"
requires-python = ">=3.11"
dependencies = ["core>=1"]

[project.optional-dependencies]
fast = ["polars"]

[dependency-groups]
feature = ["spark[sql,ml]>=3", "arrow"]
training = ["tracker", { include-group = "columns" }, "zones; sys_platform == 'darwin'"]
columns = ["frames>=1", { include-group = "numbers" }]
numbers = ["frames>=2"]
inference = ["core"]

[tool.fti.stages.training]
platforms = ["linux/amd64"]
extras = ["fast"]

[tool.fti.stages.inference]
exclude = ["zones"]
"""


def found(text: str, *words: str) -> Ended:
    """Return what the command prints about a package that stages contain."""
    command = f"poetry fti why {' '.join(words)} --newest"
    hint = f"\nRun {command} to find out what prevents newer versions.\n"
    return Ended(0, text + hint)


@pytest.fixture(scope="module")
def _locked_once(tmp_path_factory: pytest.TempPathFactory) -> MemoryProject:
    with project_in(tmp_path_factory.mktemp("why")) as project:
        project.index.offer(RELEASES)
        project.write(PROJECT)
        project.lock()
    return project


@pytest.fixture
def locked(_locked_once: MemoryProject, demo: MemoryProject) -> MemoryProject:
    """Three stages, of which two contain `arrow`."""
    return filled(demo, _locked_once)


@pytest.mark.slow
def test_each_requirement_on_a_package_and_the_shortest_path_to_it(locked: MemoryProject) -> None:
    assert run(locked, "why", "arrow") == found(
        """\
feature: arrow 8.0
  pyproject.toml requires arrow (group feature)
  spark[sql] 3.5 requires arrow >=4
    group feature -> spark[sql]
  frames 2.0 requires arrow <9,>=5
    group feature -> spark[ml] -> frames

training: arrow 8.0
  frames 2.0 requires arrow <9,>=5
    group columns -> frames
  polars 1.0 requires arrow; python_version >= "3.12"
    extra fast -> polars
  spark[sql] 3.5 requires arrow >=4
    group training -> tracker -> spark[sql]

inference does not contain arrow.
""",
        "arrow",
    )


def test_all_paths_to_a_package_in_a_stage(locked: MemoryProject) -> None:
    assert run(locked, "why", "Arrow", "training", "--all") == found(
        """\
training: arrow 8.0
  frames 2.0 requires arrow <9,>=5
    group columns -> frames
    group numbers -> frames
    group training -> tracker -> frames
  polars 1.0 requires arrow; python_version >= "3.12"
    extra fast -> polars
  spark[sql] 3.5 requires arrow >=4
    group training -> tracker -> spark[sql]
""",
        "arrow",
        "training",
    )


@pytest.mark.slow
def test_requirements_of_the_project_and_of_groups(locked: MemoryProject) -> None:
    assert run(locked, "why", "core", "inference") == found(
        """\
inference: core 1.0
  pyproject.toml requires core (group inference)
  pyproject.toml requires core >=1 (project dependencies)
""",
        "core",
        "inference",
    )
    assert run(locked, "why", "polars") == found(
        """\
training: polars 1.0
  pyproject.toml requires polars (extra fast)

feature and inference do not contain polars.
""",
        "polars",
    )


def test_requirements_of_included_groups_belong_to_these(locked: MemoryProject) -> None:
    assert run(locked, "why", "frames", "training") == found(
        """\
training: frames 2.0
  pyproject.toml requires frames >=1 (group columns)
  pyproject.toml requires frames >=2 (group numbers)
  tracker 2.1 requires frames
    group training -> tracker
""",
        "frames",
        "training",
    )


@pytest.mark.slow
def test_a_package_that_no_selected_stage_contains(locked: MemoryProject) -> None:
    assert run(locked, "why", "arow") == Ended(
        1, "", 'No stage contains arow; did you mean "arrow"?\n'
    )
    assert run(locked, "why", "sklearn") == Ended(
        1, "", 'No stage contains sklearn; did you mean "scikit-learn"?\n'
    )
    assert run(locked, "why", "spark", "inference") == Ended(
        1, "", "inference does not contain spark, but feature and training do.\n"
    )
    assert run(locked, "why", "spark", "traning") == Ended(
        2,
        "",
        'There is no stage "traning"; did you mean "training"?'
        " (stages: feature, training, inference)\n",
    )


def test_an_empty_name_is_an_error(locked: MemoryProject) -> None:
    assert run(locked, "why", "") == Ended(1, "", "Name a package: poetry fti why PACKAGE\n")


@pytest.mark.slow
def test_what_could_add_a_package(locked: MemoryProject) -> None:
    assert run(locked, "why", "scikit-learn") == Ended(
        1,
        """\
What could add it:
  feature, training and inference: core 1.0 requires scikit-learn >=1.5 with the extra "test"
""",
        "No stage contains scikit-learn.\n",
    )
    assert run(locked, "why", "zones", "training") == Ended(
        1,
        """\
What could add it:
  training: pyproject.toml requires zones (group training) only if sys_platform == "darwin"
""",
        "training does not contain zones, but feature does.\n",
    )
    assert run(locked, "why", "zones", "inference") == Ended(
        1,
        """\
What could add it:
  inference: excluded by tool.fti.stages.inference.exclude
""",
        "inference does not contain zones, but feature does.\n",
    )


def test_the_json_report(locked: MemoryProject) -> None:
    assert json.loads(run(locked, "why", "core", "feature", "--format", "json").output) == {
        "package": "core",
        "stages": [
            {
                "stage": "feature",
                "lock": "fresh",
                "versions": ["1.0"],
                "requirements": [
                    {
                        "by": None,
                        "version": None,
                        "extra": None,
                        "requires": "core >=1",
                        "is_overridden": False,
                        "paths": [["project dependencies"]],
                    },
                    {
                        "by": "spark",
                        "version": "3.5",
                        "extra": None,
                        "requires": "core",
                        "is_overridden": False,
                        "paths": [["group feature", "spark"]],
                    },
                ],
                "is_complete": True,
                "newest": None,
            }
        ],
        "without": [],
        "skipped": [],
        "message": None,
        "possible": [],
    }
    absent = run(locked, "why", "zones", "training", "--format", "json")
    assert (absent.code, absent.errors) == (1, "")
    assert json.loads(absent.output) == {
        "package": "zones",
        "stages": [],
        "without": ["training"],
        "skipped": [],
        "message": "training does not contain zones, but feature does.",
        "possible": [
            {
                "stage": "training",
                "condition": "marker",
                "by": "pyproject.toml",
                "extras": [],
                "requires": 'zones; sys_platform == "darwin"',
            }
        ],
    }


@pytest.mark.slow
def test_several_requirements_and_versions(demo: MemoryProject) -> None:
    demo.index.offer(
        {
            "app 1.0": ["lib>=2; python_version >= '3.12'", "lib<2; python_version < '3.12'"],
            "lib 1.0": [],
            "lib 2.0": [],
        }
    )
    demo.write(pyproject({"feature": ["app"]}))
    demo.lock()
    assert run(demo, "why", "lib") == found(
        """\
feature: lib 1.0 and 2.0
  app 1.0 requires lib <2; python_version == "3.11"
  app 1.0 requires lib >=2; python_version >= "3.12"
    group feature -> app
""",
        "lib",
    )


@pytest.mark.slow
def test_a_requirement_that_an_override_replaces(demo: MemoryProject) -> None:
    demo.index.offer({"app 1.0": ["lib"], "lib 1.0": [], "lib 2.0": []})
    override = '[tool.fti.overrides]\nlib = "<2"\n'
    demo.write(pyproject({"training": ["app", "lib>=1"]}, override))
    demo.lock()
    assert run(demo, "why", "lib") == found(
        """\
training: lib 1.0
  pyproject.toml requires lib >=1 (group training)
  app 1.0 requires lib <2 (by an override of tool.fti)
    group training -> app
""",
        "lib",
    )
    (stage,) = json.loads(run(demo, "why", "lib", "--format", "json").output)["stages"]
    assert [each["is_overridden"] for each in stage["requirements"]] == [False, True]


@pytest.mark.slow
def test_locks_that_are_not_fresh(locked: MemoryProject) -> None:
    locked.write(PROJECT.replace('feature = ["spark[sql,ml]>=3", "arrow"]', 'feature = ["core"]'))
    (locked.root / "fti/training/poetry.lock").unlink()
    (locked.root / "fti/inference/poetry.lock").write_text("<<<<<<< ours\n")
    done = run(locked, "why", "arrow")
    stale, missing, broken = done.errors.splitlines()
    assert (done.code, done.output) == (
        0,
        """\
feature: arrow 8.0
  neither pyproject.toml nor a package that it leads to requires it
""",
    )
    assert stale == (
        "Warning: fti/feature/poetry.lock does not match pyproject.toml."
        " Run `poetry fti lock feature`."
    )
    assert missing == (
        "Warning: fti/training/poetry.lock is missing. Run `poetry fti lock training`."
    )
    assert broken.startswith("Warning: fti/inference/poetry.lock ")
    assert run(locked, "why", "arrow", "training") == Ended(
        1, "", "fti/training/poetry.lock is missing. Run `poetry fti lock training`.\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("damage", [("python_version", "python_vision"), (">=5", ">=five")])
def test_a_damaged_lock_is_skipped(locked: MemoryProject, damage: tuple[str, str]) -> None:
    path = locked.root / "fti/training/poetry.lock"
    path.write_text(path.read_text(encoding="utf-8").replace(*damage), encoding="utf-8")
    done = run(locked, "why", "arrow")
    assert (done.code, done.output.splitlines()[0]) == (0, "feature: arrow 8.0")
    assert "training" not in done.output
    problem = done.errors.removeprefix("Warning: ")
    assert problem.startswith("fti/training/poetry.lock cannot be read: ")
    assert run(locked, "why", "arrow", "training") == Ended(1, "", problem)
    assert run(locked, "why", "unheard-of") == Ended(1, "", problem)


@pytest.mark.slow
def test_long_lists_are_cut(demo: MemoryProject) -> None:
    apps = [f"app{number:02}" for number in range(12)]
    demo.index.offer(
        {"lib 1.0": [], **{f"{app} 1.0": ["lib", "gone; extra == 'x'"] for app in apps}}
    )
    demo.write(pyproject({"feature": apps}))
    demo.lock()
    *lines, blank, _ = run(demo, "why", "lib").output.splitlines()
    assert not blank
    assert lines[-3:] == [
        "  app09 1.0 requires lib",
        "    group feature -> app09",
        "  and 2 more requirements, which --all prints",
    ]
    assert len(run(demo, "why", "lib", "--all").output.splitlines()) == 1 + 2 * 12 + 2
    assert run(demo, "why", "gone").output.splitlines()[-1] == (
        "  and 2 more, which --format json prints"
    )
