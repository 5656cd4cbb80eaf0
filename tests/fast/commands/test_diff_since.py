"""`poetry fti diff --since`: the changes of locks since a git revision."""

from __future__ import annotations

import json
from typing import Final

import pytest

from fast.conftest import filled, project_in
from git_program import commit_all, git
from memory_commands import Ended, run
from memory_index import MemoryProject
from small_index import pyproject

pytestmark = pytest.mark.slow

GROUPS: Final = {"feature": ["app"], "training": ["app", "lib<2", "gone"], "inference": ["app"]}
NOW: Final = {"training": ["app", "tool"], "inference": ["app"], "serving": ["app"]}
SERVING: Final = '[tool.fti.stages.serving]\nkind = "inference"\n'


@pytest.fixture(scope="module")
def _before(tmp_path_factory: pytest.TempPathFactory) -> MemoryProject:
    """A repository with one commit, in which `training` requires `lib<2`."""
    with project_in(tmp_path_factory.mktemp("since")) as project:
        project.index.offer(
            {
                "app 1.0": ["lib"],
                "lib 1.0": [],
                "lib 2.0": ["size 3000"],
                "tool 1.0": ["deep"],
                "deep 1.0": [],
                "gone 1.0": [],
            }
        )
        project.write(pyproject(GROUPS))
        project.lock(aligned=False)
        git(project.root, "init", "--quiet")
        commit_all(project.root)
        git(project.root, "branch", "release")
        project.write(pyproject(NOW, SERVING))
        project.lock(aligned=False, regenerate=True)
    return project


@pytest.fixture
def changed(_before: MemoryProject, demo: MemoryProject) -> MemoryProject:
    """The repository with uncommitted changes: `training` has other packages, `serving` is new."""
    return filled(demo, _before)


def commit_of(project: MemoryProject) -> str:
    return git(project.root, "rev-parse", "release")


def damage(project: MemoryProject, name: str, text: str) -> None:
    """Commit another text of a file as the branch `release`, and restore the file."""
    path = project.root / name
    before = path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--message", "x")
    git(project.root, "branch", "--force", "release")
    path.write_text(before, encoding="utf-8")


def test_changes_are_listed_by_stage(changed: MemoryProject) -> None:
    assert run(changed, "diff", "--since", "release") == Ended(
        0,
        f"""\
Changes of the locks since release ({commit_of(changed)[:10]}):

training: 2 added, 1 removed, 1 updated (4 packages, 6 kB; before: 3 packages, 3 kB)
  Change   Package  Before  Now  Required by                   \
Reason                                Download
  removed  gone     1.0          pyproject.toml                \
-                                     1 kB
  added    tool             1.0  pyproject.toml                \
-                                     1 kB
  added    deep             1.0  tool                          \
-                                     1 kB
  updated  lib      1.0     2.0  app (before: pyproject.toml)  \
pyproject.toml no longer requires <2  1 kB -> 3 kB

inference: unchanged
serving: new (2 packages, 4 kB)
feature: removed (2 packages, 4 kB)
""",
    )


def test_changes_are_listed_in_markdown(changed: MemoryProject) -> None:
    assert run(changed, "diff", "--since", "release", "--format", "markdown").output == (
        f"""\
### Changes of the locks since release ({commit_of(changed)[:10]})

**training: 2 added, 1 removed, 1 updated (4 packages, 6 kB; before: 3 packages, 3 kB)**

| Change | Package | Before | Now | Required by | Reason | Download |
| --- | --- | --- | --- | --- | --- | --- |
| removed | gone | 1.0 |  | pyproject.toml | - | 1 kB |
| added | tool |  | 1.0 | pyproject.toml | - | 1 kB |
| added | deep |  | 1.0 | tool | - | 1 kB |
| updated | lib | 1.0 | 2.0 | app (before: pyproject.toml) | pyproject.toml no longer requires \
&#60;2 | 1 kB -&#62; 3 kB |

inference: unchanged

serving: new (2 packages, 4 kB)

feature: removed (2 packages, 4 kB)
"""
    )


def test_changes_of_named_stages_are_listed_as_json(changed: MemoryProject) -> None:
    words = ("diff", "training", "serving", "--since", "release", "--format", "json")
    assert json.loads(run(changed, *words).output) == {
        "since": {"revision": "release", "commit": commit_of(changed)},
        "stages": [
            {
                "stage": "training",
                "state": "changed",
                "reason": "",
                "before": {"packages": 3, "size": 3000},
                "after": {"packages": 4, "size": 6000},
                "changes": [
                    {
                        "package": "deep",
                        "change": "added",
                        "before": None,
                        "after": entry("1.0", 1000, "tool"),
                        "requirements": [],
                    },
                    {
                        "package": "gone",
                        "change": "removed",
                        "before": entry("1.0", 1000),
                        "after": None,
                        "requirements": [],
                    },
                    {
                        "package": "lib",
                        "change": "updated",
                        "before": entry("1.0", 1000),
                        "after": entry("2.0", 3000, "app"),
                        "requirements": [{"by": "pyproject.toml", "before": "<2", "after": None}],
                    },
                    {
                        "package": "tool",
                        "change": "added",
                        "before": None,
                        "after": entry("1.0", 1000),
                        "requirements": [],
                    },
                ],
                "skew": [],
            },
            {
                "stage": "serving",
                "state": "new",
                "reason": "",
                "before": None,
                "after": {"packages": 2, "size": 4000},
                "changes": [],
                "skew": [],
            },
        ],
        "warnings": [],
    }


def entry(version: str, size: int, *required_by: str) -> dict[str, object]:
    """Return the JSON data of a package in a lock."""
    return {
        "versions": [version],
        "direct": not required_by,
        "required_by": list(required_by),
        "size": size,
    }


def test_stages_in_a_renamed_folder_are_matched_by_name(changed: MemoryProject) -> None:
    (changed.root / "fti").rename(changed.root / "envs")
    changed.write(pyproject(NOW, f'[tool.fti]\ndirectory = "envs"\n{SERVING}'))
    output = run(changed, "diff", "inference", "training", "--since", "release").output
    assert "\ntraining: 2 added, 1 removed, 1 updated (" in output
    assert output.endswith("\ninference: unchanged\n")


def test_a_project_below_the_root_of_the_repository(changed: MemoryProject) -> None:
    top = changed.root.parent / "top"
    top.mkdir()
    (changed.root / ".git").rename(top / ".git")
    root = top / "project"
    changed.root.rename(root)
    commit_all(top)
    below = MemoryProject(root, changed.index, changed.cache)
    output = run(below, "diff", "--since", "HEAD").output
    assert output.splitlines()[2:] == [
        "training: unchanged",
        "inference: unchanged",
        "serving: unchanged",
    ]


def test_later_changes_of_the_other_branch_are_not_counted(changed: MemoryProject) -> None:
    before = run(changed, "diff", "--since", "release").output
    git(changed.root, "checkout", "--quiet", "-b", "work")
    commit_all(changed.root)
    git(changed.root, "checkout", "--quiet", "release")
    git(changed.root, "rm", "--quiet", "-r", "fti")
    git(changed.root, "commit", "--quiet", "--message", "x")
    git(changed.root, "checkout", "--quiet", "work")
    assert run(changed, "diff", "--since", "release").output == before


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<<<<<<< ours\n=======\n>>>>>>> theirs\n", "it contains merge markers"),
        ("damaged", "it contains no package that can be read"),
    ],
)
def test_a_lock_that_cannot_be_read_in_the_revision(
    changed: MemoryProject, text: str, reason: str
) -> None:
    damage(changed, "fti/training/poetry.lock", text)
    ended = run(changed, "diff", "training", "--since", "release")
    assert (ended.code, ended.output.splitlines()[2:]) == (
        0,
        [f"training (4 packages, 6 kB): the lock of the revision cannot be read: {reason}"],
    )


def test_a_pyproject_that_is_not_valid_in_the_revision(changed: MemoryProject) -> None:
    damage(changed, "pyproject.toml", "[tool.fti\n")
    reason = f"pyproject.toml of the commit {commit_of(changed)} is not valid"
    assert run(changed, "diff", "training", "--since", "release").output.splitlines()[2:] == [
        f"training (4 packages, 6 kB): the lock of the revision cannot be read: {reason}"
    ]


def test_of_a_lock_in_an_old_format_only_versions_are_known(changed: MemoryProject) -> None:
    path = changed.root / "fti/training/poetry.lock"
    kept = path.read_text(encoding="utf-8").splitlines(keepends=True)
    old = "".join(line for line in kept if not line.startswith("groups = "))
    damage(changed, "fti/training/poetry.lock", old.replace('"2.1"', '"2.0"'))
    assert run(changed, "diff", "training", "--since", "release").output.splitlines()[2:] == [
        "training: unchanged (4 packages, 6 kB)"
    ]


def test_path_dependencies_that_no_longer_exist(demo: MemoryProject) -> None:
    library = demo.root / "library"
    library.mkdir()
    (library / "pyproject.toml").write_text(
        '[project]\nname = "library"\nversion = "1"\ndependencies = ["lib"]\n', encoding="utf-8"
    )
    demo.index.offer({"lib 1.0": []})
    group = '[tool.poetry.group.training.dependencies.library]\npath = "library"\n'
    demo.write(pyproject({"training": []}, group))
    demo.lock()
    git(demo.root, "init", "--quiet")
    commit_all(demo.root)
    (library / "pyproject.toml").unlink()
    library.rmdir()
    demo.write(pyproject({"training": ["lib"]}))
    demo.lock()
    ended = run(demo, "diff", "--since", "HEAD")
    assert (ended.code, ended.errors) == (0, "")
    assert ended.output.splitlines()[2:] == [
        "training: 0 added, 1 removed, 0 updated (1 package, 1 kB; before: 2 packages, 1 kB)",
        "  Change   Package  Before  Now  Required by",
        "  removed  library  1            pyproject.toml",
    ]


def test_skew_with_what_was_saved_before_is_reported(demo: MemoryProject) -> None:
    demo.index.offer({"xgboost 1.7": [], "xgboost 3.0": []})
    demo.write(pyproject({"training": ["xgboost<3"]}))
    demo.lock()
    git(demo.root, "init", "--quiet")
    commit_all(demo.root)
    demo.write(pyproject({"training": ["xgboost>=3"]}))
    demo.lock()
    breaks = "Pickled scikit-learn wrappers predict the same, but their get_params() fails."
    output = run(demo, "diff", "--since", "HEAD").output
    assert output.partition("\n\n")[2] == (
        f"""\
training: 0 added, 0 removed, 1 updated (1 package, 1 kB; before: 1 package, 1 kB)
  Change   Package  Before  Now  Required by     Reason                                    Download
  updated  xgboost  1.7     3.0  pyproject.toml  pyproject.toml requires >=3 (before: <3)  1 kB

training: version skew with what was saved before
  Package  Saved with  Loaded with  What breaks
  xgboost  1.7         3.0          {breaks}
"""
    )
    (stage,) = json.loads(run(demo, "diff", "--since", "HEAD", "--format", "json").output)["stages"]
    assert stage["skew"] == [
        {"package": "xgboost", "before": "1.7", "after": "3.0", "breaks": breaks, "silent": False}
    ]


def test_requirements_of_other_packages_are_the_reasons_of_a_change(demo: MemoryProject) -> None:
    demo.index.offer(
        {
            "app 1.0": ["lib<2", "deep"],
            "app 2.0": ["lib>=2", "deep", "other"],
            "deep 1.0": [],
            "deep 2.0": [],
            "lib 1.0": [],
            "lib 2.0": [],
            "other 1.0": ["deep<2"],
        }
    )
    demo.write(pyproject({"training": ["app<2"]}))
    demo.lock()
    git(demo.root, "init", "--quiet")
    commit_all(demo.root)
    demo.write(pyproject({"training": ["app"]}))
    demo.lock(regenerate=True)
    words = ("diff", "--since", "HEAD", "--format")
    lines = run(demo, *words, "markdown").output.splitlines()
    assert [line.split(" | ")[1:-1:4] for line in lines if line.startswith("| updated")] == [
        ["app", "pyproject.toml requires any version (before: &#60;2)"],
        ["deep", "other requires &#60;2"],
        ["lib", "app requires &#62;=2 (before: &#60;2)"],
    ]
    (stage,) = json.loads(run(demo, *words, "json").output)["stages"]
    assert {each["package"]: each["requirements"] for each in stage["changes"]} == {
        "app": [{"by": "pyproject.toml", "before": "<2", "after": ""}],
        "deep": [{"by": "other", "before": None, "after": "<2"}],
        "lib": [{"by": "app", "before": "<2", "after": ">=2"}],
        "other": [],
    }


def test_an_override_is_the_reason_of_a_change(demo: MemoryProject) -> None:
    demo.index.offer({"app 1.0": ["lib<3"], "zoo 1.0": ["lib"], "lib 1.0": [], "lib 2.0": []})
    demo.write(pyproject({"training": ["app", "zoo"]}))
    demo.lock()
    git(demo.root, "init", "--quiet")
    commit_all(demo.root)
    demo.write(pyproject({"training": ["app", "zoo"]}, '[tool.fti.overrides]\nlib = "<2"\n'))
    demo.lock()
    output = run(demo, "diff", "--since", "HEAD", "--format", "markdown").output
    assert "| updated | lib | 2.0 | 1.0 | app | an override of tool.fti requires &#60;2 |" in output


def test_an_update_that_no_requirement_forces_has_no_reason(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": []})
    demo.write(pyproject({"training": ["lib"]}))
    demo.lock()
    git(demo.root, "init", "--quiet")
    commit_all(demo.root)
    demo.index.offer({"lib 1.0": [], "lib 2.0": []})
    demo.write(pyproject({"training": ["lib>=1"]}))
    demo.lock(regenerate=True)
    assert run(demo, "diff", "--since", "HEAD").output.splitlines()[3:] == [
        "  Change   Package  Before  Now  Required by     Download",
        "  updated  lib      1.0     2.0  pyproject.toml  1 kB",
    ]


def test_without_a_repository_there_is_no_revision(locked_demo: MemoryProject) -> None:
    root = locked_demo.root
    message = f"{root} is not in a git repository. Run `git init`, or change to a clone.\n"
    assert run(locked_demo, "diff", "--since", "main") == Ended(1, "", message)


def test_an_unknown_revision_is_an_error(changed: MemoryProject) -> None:
    message = (
        'There is no git revision "nowhere". Name a branch, a tag or a commit of this repository.\n'
    )
    assert run(changed, "diff", "--since", "nowhere") == Ended(1, "", message)


def test_a_shallow_clone_names_what_to_fetch(changed: MemoryProject) -> None:
    first = commit_of(changed)
    commit_all(changed.root)
    clone = changed.root.parent / "clone"
    git(changed.root.parent, "clone", "--quiet", "--depth=1", changed.root.as_uri(), str(clone))
    ended = run(MemoryProject(clone, changed.index, changed.cache), "diff", "--since", first)
    assert ended == Ended(
        1,
        "",
        f'The git revision "{first}" is not in this clone, which is shallow. Fetch the history with'
        ' `git remote set-branches origin "*"` and `git fetch --unshallow` (GitHub Actions:'
        " `fetch-depth: 0` of actions/checkout; GitLab: the variable `GIT_DEPTH: 0`).\n",
    )


def test_stale_and_missing_locks_of_now(changed: MemoryProject) -> None:
    changed.write(pyproject({**NOW, "training": ["app"]}, SERVING))
    (changed.root / "fti/inference/poetry.lock").unlink()
    stale = (
        "fti/training/poetry.lock does not match pyproject.toml. Run `poetry fti lock training`.\n"
    )
    missing = "fti/inference/poetry.lock is missing. Run `poetry fti lock inference`.\n"
    ended = run(changed, "diff", "--since", "release")
    assert (ended.code, ended.errors) == (0, f"Warning: {stale}Warning: {missing}")
    assert "inference" not in ended.output
    assert run(changed, "diff", "inference", "--since", "release") == Ended(1, "", missing)
    output = run(changed, "diff", "--since", "release", "--format", "json").output
    assert json.loads(output)["warnings"] == [stale.strip(), missing.strip()]
    output = run(changed, "diff", "--since", "release", "--format", "markdown").output
    assert output.split("\n\n")[1] == (
        "- fti/training/poetry.lock does not match pyproject.toml."
        " Run &#96;poetry fti lock training&#96;.\n"
        "- fti/inference/poetry.lock is missing. Run &#96;poetry fti lock inference&#96;."
    )


def test_everything_is_new_after_an_empty_revision(changed: MemoryProject) -> None:
    output = run(changed, "diff", "--since", "0" * 40).output
    assert output.splitlines()[2:] == [
        "training: new (4 packages, 6 kB)",
        "inference: new (2 packages, 4 kB)",
        "serving: new (2 packages, 4 kB)",
    ]
