"""`poetry fti affected`: which stages a change affects, and why."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final

import pytest
import yaml

from git_program import commit_all, git
from memory_commands import Ended, run
from small_index import pyproject

if TYPE_CHECKING:
    from pathlib import Path

    from memory_index import MemoryProject

pytestmark = pytest.mark.slow

GROUPS: Final = {"feature": ["app"], "training": ["mid"], "inference": ["app", "mid"]}
SETTINGS: Final = """\
[tool.fti.stages.feature]
paths = ["src/features", "src/common"]
[tool.fti.stages.training]
platforms = ["linux/amd64"]
paths = ["src/training", "src/common"]
[tool.fti.stages.inference]
python = ">=3.12"
"""


@pytest.fixture
def repository(locked_demo: MemoryProject) -> MemoryProject:
    """A project in the folder `demo` of a repository, everything committed on `main`."""
    locked_demo.write(pyproject(GROUPS, SETTINGS))
    for name in ("features", "training", "common"):
        write(locked_demo.root / "src" / name / "code.py", "1")
    top = locked_demo.root.parent
    write(top / ".gitignore", "/cache\n")
    git(top, "init", "--quiet")
    commit_all(top)
    return locked_demo


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def affected(demo: MemoryProject, since: str = "main") -> str:
    """Return what the command prints, also as warnings."""
    ended = run(demo, "affected", "--since", since)
    assert ended.code == 0, ended.errors
    return ended.output + ended.errors


def settings(old: str, new: str) -> str:
    assert old in SETTINGS
    return pyproject(GROUPS, SETTINGS.replace(old, new))


def test_without_changes_no_stage_is_affected(repository: MemoryProject) -> None:
    os.utime(repository.root / "src/common/code.py", (1, 1))
    assert affected(repository) == "The changes since main affect no stage.\n"


def test_stages_are_affected_by_their_own_code(repository: MemoryProject) -> None:
    root = repository.root
    write(root / "src/common/code.py", "2")
    write(root / "src/common/new.py", "")
    write(root / "src/features/code.py", "2")
    write(root.parent / "README.md", "outside of the project")
    assert affected(repository) == (
        "feature\n"
        "  src/features/code.py differs\n"
        "  src/common: 2 files differ, such as src/common/code.py\n"
        "training\n"
        "  src/common: 2 files differ, such as src/common/code.py\n"
        "inference\n"
        "  3 files differ, such as src/common/code.py\n"
    )
    commit_all(root)
    write(root / "src/training/__pycache__/code.pyc", "no image contains it")
    write(root / "src/common/code.py", "1")
    assert affected(repository, "HEAD") == (
        "feature\n"
        "  src/common/code.py differs\n"
        "training\n"
        "  src/training/__pycache__/code.pyc differs\n"
        "  src/common/code.py differs\n"
        "inference\n"
        "  src/common/code.py differs\n"
    )


def test_a_renamed_file_affects_the_stages_of_both_its_names(repository: MemoryProject) -> None:
    git(repository.root, "mv", "src/training/code.py", "src/features/moved.py")
    assert affected(repository) == (
        "feature\n"
        "  src/features/moved.py differs\n"
        "training\n"
        "  src/training/code.py differs\n"
        "inference\n"
        "  2 files differ, such as src/features/moved.py\n"
    )


def test_locks_and_exported_files_affect_their_stage_only(repository: MemoryProject) -> None:
    lock = repository.root / "fti/training/poetry.lock"
    lock.write_text(lock.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    write(repository.root / "fti/inference/requirements.txt", "")
    write(repository.root / "fti/compose.yaml", "")
    assert affected(repository) == (
        "training\n"
        "  fti/training/poetry.lock differs\n"
        "inference\n"
        "  fti/inference/requirements.txt differs\n"
        "\n"
        "Not affected: feature\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "reasons"),
    [
        (
            'python = ">=3.12"',
            'python = ">=3.13"',
            ['the setting "python" differs', "the requirements in pyproject.toml differ"],
        ),
        (
            "[tool.fti.stages.inference]",
            "[tool.fti.stages.inference]\ngroups = ['inference', 'feature']",
            ['the setting "groups" differs', "the requirements in pyproject.toml differ"],
        ),
        (
            "[tool.fti.stages.inference]",
            "[tool.fti.stages.inference]\nimage.base = 'python:3.13'\nimage.expose = [80]",
            ['the setting "image.base" differs', 'the setting "image.expose" differs'],
        ),
    ],
)
def test_the_settings_of_a_stage_affect_this_stage_only(
    repository: MemoryProject, old: str, new: str, reasons: list[str]
) -> None:
    repository.write(settings(old, new))
    lines = ["inference", *(f"  {reason}" for reason in reasons), ""]
    assert affected(repository).splitlines() == [*lines, "Not affected: feature, training"]


def test_where_and_when_a_stage_runs_does_not_affect_it(repository: MemoryProject) -> None:
    tables = "[tool.fti.stages.inference]\nresources.cpu = 2\nschedule = '0 3 * * *'"
    order = '[tool.fti.pipeline]\norder = ["training"]\nrunner = "kubernetes"\n'
    text = pyproject(GROUPS, order + SETTINGS)
    repository.write(text.replace("[tool.fti.stages.inference]", tables))
    assert run(repository, "lock", "--check").code == 0
    assert affected(repository) == "The changes since main affect no stage.\n"


def test_requirements_affect_the_stages_that_have_them(repository: MemoryProject) -> None:
    text = pyproject({**GROUPS, "training": ["lib", "mid"], "docs": ["app"]}, SETTINGS)
    repository.write(f"# a comment\n{text}")
    assert affected(repository) == (
        "training\n"
        "  the requirements in pyproject.toml differ\n"
        "\n"
        "Not affected: feature, inference\n"
    )
    repository.write(pyproject(GROUPS, SETTINGS, dependencies=["lib"]))
    assert affected(repository).count("  the requirements in pyproject.toml differ\n") == 3


def test_project_wide_settings_affect_every_stage(repository: MemoryProject) -> None:
    repository.write(pyproject(GROUPS, f'[tool.fti]\nconstraints = ["lib<3"]\n{SETTINGS}'))
    assert affected(repository).count('  the setting "constraints" differs\n') == 3


def test_a_new_stage_is_affected(repository: MemoryProject) -> None:
    new = '[tool.fti.stages.batch]\nkind = "inference"\ngroups = ["inference"]\n'
    repository.write(pyproject(GROUPS, SETTINGS + new))
    assert affected(repository) == (
        "batch\n  the stage is new\n\nNot affected: feature, training, inference\n"
    )


def test_a_removed_stage_is_named(repository: MemoryProject) -> None:
    settings = SETTINGS.replace(
        "stages.training]", 'stages.second]\nkind = "training"\ngroups = []'
    )
    groups = {name: GROUPS[name] for name in ("feature", "inference")}
    repository.write(pyproject(groups, settings))
    assert affected(repository) == (
        "second\n  the stage is new\n\nNot affected: feature, inference\nRemoved: training\n"
    )
    ended = run(repository, "affected", "--since", "main", "--format", "json")
    assert json.loads(ended.output)["removed"] == ["training"]


def test_before_the_first_commit_every_stage_is_new(repository: MemoryProject) -> None:
    text = "feature\n  the stage is new\ntraining\n  the stage is new\ninference\n"
    assert affected(repository, "0" * 40) == f"{text}  the stage is new\n"


def test_an_invalid_earlier_pyproject_affects_every_stage(repository: MemoryProject) -> None:
    repository.write("invalid")
    base = commit_all(repository.root)
    repository.write(pyproject(GROUPS, SETTINGS))
    reason = f"  pyproject.toml of the commit {base} is not valid\n"
    assert affected(repository) == f"feature\n{reason}training\n{reason}inference\n{reason}"


def test_changes_of_another_branch_do_not_count(repository: MemoryProject) -> None:
    root = repository.root
    git(root, "checkout", "--quiet", "-b", "other")
    write(root / "src/training/code.py", "2")
    commit_all(root)
    git(root, "checkout", "--quiet", "main")
    write(root / "src/features/code.py", "2")
    commit_all(root)
    git(root, "checkout", "--quiet", "other")
    expected = (
        "training\n  src/training/code.py differs\n"
        "inference\n  src/training/code.py differs\n\nNot affected: feature\n"
    )
    assert affected(repository) == expected
    git(root, "merge", "--quiet", "main")
    assert affected(repository) == expected


def library(folder: Path, name: str, *requires: str) -> None:
    lines = ["[project]", f'name = "{name}"', 'version = "1"', f"dependencies = {list(requires)}"]
    write(folder / "pyproject.toml", "\n".join([*lines, ""]))
    write(folder / "code.py", "1")


def test_path_dependencies_affect_a_stage_through_each_other(repository: MemoryProject) -> None:
    libs = repository.root.parent / "libs"
    library(libs / "deep", "deep")
    library(libs / "near", "near", f"deep @ {(libs / 'deep').as_uri()}")
    paths = '[tool.poetry.group.training.dependencies]\nnear = {path = "../libs/near"}\n'
    repository.write(pyproject(GROUPS, SETTINGS + paths))
    commit_all(repository.root.parent)
    write(libs / "near/code.py", "2")
    write(libs / "near/code.pyc", "no image contains it")
    write(libs / "deep/code.py", "2")
    assert affected(repository) == (
        "training\n"
        "  path dependency ../libs/deep: ../libs/deep/code.py differs\n"
        "  path dependency ../libs/near: ../libs/near/code.py differs\n"
        "\n"
        "Not affected: feature, inference\n"
    )


def test_path_dependencies_that_are_urls_have_relative_paths(repository: MemoryProject) -> None:
    library(repository.root / "libs/near", "near")
    near = f"near @ {(repository.root / 'libs/near').as_uri()}"
    repository.write(pyproject({**GROUPS, "training": [*GROUPS["training"], near]}, SETTINGS))
    commit_all(repository.root.parent)
    write(repository.root / "libs/near/code.py", "2")
    assert affected(repository) == (
        "training\n"
        "  path dependency libs/near: libs/near/code.py differs\n"
        "\n"
        "Not affected: feature, inference\n"
    )


def test_path_dependencies_are_found_in_the_lock_too(repository: MemoryProject) -> None:
    lock = repository.root / "fti/training/poetry.lock"
    package = (
        '\n[[package]]\nname = "wheel"\nversion = "1"\n\n'
        '[package.source]\ntype = "file"\nurl = "../../../wheels/wheel-1.whl"\n\n[metadata]'
    )
    text = lock.read_text(encoding="utf-8").replace("\n[metadata]", package, 1)
    lock.write_text(text, encoding="utf-8")
    commit_all(repository.root)
    write(repository.root.parent / "wheels/wheel-1.whl", "")
    assert affected(repository) == (
        "training\n"
        "  path dependency ../wheels/wheel-1.whl: ../wheels/wheel-1.whl differs\n"
        "\n"
        "Not affected: feature, inference\n"
    )


def test_files_of_an_image_affect_a_stage(repository: MemoryProject) -> None:
    image = (
        "\n[tool.fti.stages.training.image]\n"
        'dockerfile = "docker/Base"\n'
        'template = "docker/Template"\n'
        'copy = { "models" = "models" }\n'
        'ca-certificates = ["ours.pem"]\n'
    )
    repository.write(pyproject(GROUPS, SETTINGS + image))
    commit_all(repository.root)
    for name in ("docker/Base", "docker/Template", "models/a", "models/b", "ours.pem"):
        write(repository.root / name, "new")
    assert affected(repository).partition("inference")[0] == (
        "training\n"
        "  base image: docker/Base differs\n"
        "  models: 2 files differ, such as models/a\n"
        "  ours.pem differs\n"
        "  docker/Template differs\n"
    )


def test_by_default_a_stage_has_the_packages_of_the_project(repository: MemoryProject) -> None:
    package = '[tool.poetry]\npackages = [{ include = "credit", from = "lib" }]\n'
    image = '[tool.fti.stages.inference.image]\ncode = "wheel"\n'
    text = pyproject(GROUPS, SETTINGS + image + package)
    repository.write(text)
    write(repository.root / "lib/credit/__init__.py", "")
    commit_all(repository.root)
    write(repository.root / "notes.txt", "new")
    assert affected(repository) == "The changes since main affect no stage.\n"
    write(repository.root / "lib/credit/__init__.py", "new")
    repository.write(text.replace('version = "1"', 'version = "2"'))
    assert affected(repository) == (
        "inference\n"
        "  the metadata of the project's wheel in pyproject.toml differ\n"
        "  lib/credit/__init__.py differs\n"
        "\n"
        "Not affected: feature, training\n"
    )


def test_a_link_to_the_code_is_followed(repository: MemoryProject) -> None:
    shared = repository.root.parent / "shared"
    write(shared / "code.py", "1")
    (repository.root / "src/linked").symlink_to(shared)
    repository.write(settings('"src/features"', '"src/linked"'))
    commit_all(repository.root.parent)
    write(shared / "code.py", "2")
    assert affected(repository) == (
        "feature\n  ../shared/code.py differs\n\nNot affected: training, inference\n"
    )


def test_paths_that_cannot_be_compared_are_warned_about(repository: MemoryProject) -> None:
    repository.write(settings('"src/features"', '"src/feature", "../../elsewhere"'))
    commit_all(repository.root)
    assert affected(repository) == (
        "The changes since main affect no stage.\n"
        'Warning: tool.fti.stages.feature.paths[0]: "src/feature" does not exist.\n'
        'Warning: tool.fti.stages.feature.paths[1]: "../../elsewhere" is outside of the git'
        " repository: its changes are not seen.\n"
    )


def test_json_has_all_stages(repository: MemoryProject) -> None:
    write(repository.root / "src/training/code.py", "2")
    base = git(repository.root, "rev-parse", "HEAD")
    ended = run(repository, "affected", "--since", "main", "--format", "json")
    reason = {
        "kind": "source",
        "message": "src/training/code.py differs",
        "paths": ["src/training/code.py"],
    }
    assert json.loads(ended.output) == {
        "since": "main",
        "base": base,
        "stages": [
            {"stage": "feature", "kind": "feature", "affected": False, "reasons": []},
            {"stage": "training", "kind": "training", "affected": True, "reasons": [reason]},
            {"stage": "inference", "kind": "inference", "affected": True, "reasons": [reason]},
        ],
        "removed": [],
        "warnings": [],
    }


def test_github_gets_a_matrix(repository: MemoryProject) -> None:
    words = ("affected", "--since", "main", "--format", "github")
    assert run(repository, *words) == Ended(0, 'matrix={"stage":[]}\n')
    write(repository.root / "src/training/code.py", "2")
    assert run(repository, *words) == Ended(0, 'matrix={"stage":["training","inference"]}\n')


def test_gitlab_gets_a_child_pipeline(repository: MemoryProject) -> None:
    words = ("affected", "--since", "main", "--format", "gitlab")
    first = '# The stages that are affected by the changes since "main".\n'
    empty = '"no stage is affected":\n  script:\n    - "true"\n'
    assert run(repository, *words) == Ended(0, first + empty)
    write(repository.root / "fti/training/requirements.txt", "")
    expected = (
        'include:\n  - local: "/.gitlab/fti-stage.yml"\n'
        '"stage training":\n  extends: ".fti-stage"\n  variables:\n    STAGE: "training"\n'
    )
    assert run(repository, *words) == Ended(0, first + expected)
    assert yaml.safe_load(expected) == {
        "include": [{"local": "/.gitlab/fti-stage.yml"}],
        "stage training": {"extends": ".fti-stage", "variables": {"STAGE": "training"}},
    }


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "Name the git revision to compare with: --since origin/main."),
        (
            ["--since", "main", "--format", "xml"],
            2,
            'Unknown report format "xml" (known: text, json, github, gitlab).',
        ),
        (
            ["--since", "nowhere"],
            1,
            (
                'There is no git revision "nowhere". Name a branch, a tag or a commit of this'
                " repository."
            ),
        ),
    ],
)
def test_errors(repository: MemoryProject, words: list[str], code: int, message: str) -> None:
    assert run(repository, "affected", *words) == Ended(code, "", f"{message}\n")


def test_paths_are_relative_to_the_project(demo: MemoryProject) -> None:
    demo.write(pyproject(GROUPS, '[tool.fti.stages.feature]\npaths = ["/src", 1]'))
    must = 'must be a path relative to the project, such as "src/training"'
    assert run(demo, "affected", "--since", "main") == Ended(
        2,
        "",
        "pyproject.toml has 1 problem:\n"
        "  tool.fti.stages.feature.paths[1]: must be a string, not an integer\n",
    )
    demo.write(pyproject(GROUPS, '[tool.fti.stages.feature]\npaths = ["/src", "", "a", "a\\\\b"]'))
    assert run(demo, "affected", "--since", "main") == Ended(
        2,
        "",
        "pyproject.toml has 3 problems:\n"
        f'  tool.fti.stages.feature.paths[0]: "/src" {must}\n'
        f'  tool.fti.stages.feature.paths[1]: "" {must}\n'
        f'  tool.fti.stages.feature.paths[3]: "a\\b" {must}\n',
    )


def test_without_an_affected_stage_none_is_installed(repository: MemoryProject) -> None:
    assert run(repository, "install", "--since", "main") == Ended(
        0, "The changes since main affect no stage to install.\n"
    )
    write(repository.root / "src/training/code.py", "2")
    # The variable of a CI job that is not set.
    unset = 'There is no git revision "". Name a branch, a tag or a commit of this repository.\n'
    for command in ("install", "build"):
        assert run(repository, command, "--since", "") == Ended(1, "", unset)
    assert run(repository, "install", "feature", "--since", "main") == Ended(
        0, "The changes since main affect no stage to install.\n"
    )


def test_an_affected_stage_for_another_platform_is_not_installed(
    repository: MemoryProject,
) -> None:
    other = "linux/s390x"
    repository.write(settings('platforms = ["linux/amd64"]', f'platforms = ["{other}"]'))
    ended = run(repository, "install", "--since", "main")
    assert (ended.code, ended.output) == (0, "")
    assert ended.errors.startswith("Warning: Not installed: ")
    assert other in ended.errors
