"""One version from several origins: compared, bound by rules, and reported when it moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from git_library import GitLibrary
from loopback.in_tree_backend import write_wheel
from poetry_fti.agreement.places import places_text
from poetry_fti.commands.shared.reports.comparison import (
    change_data,
    change_lines,
    comparison_data,
    comparison_lines,
)
from poetry_fti.operations.comparison import compare_project
from small_index import pyproject

if TYPE_CHECKING:
    from pathlib import Path

    from memory_index import MemoryProject

pytestmark = pytest.mark.slow

RULE: Final = '[[tool.fti.align]]\npackages = ["feats"]\n'
TIED: Final = "not locked: a rule in tool.fti.align ties it to feature, which failed"
SOURCES: Final = """\
[[tool.poetry.source]]
name = "private"
url = "https://private/simple/"
priority = "explicit"
[tool.poetry.group.training.dependencies]
lib = { version = "*", source = "private" }
"""


@pytest.fixture
def feats(tmp_path: Path) -> GitLibrary:
    """A library with one commit, which has the tag `v0.3.0`."""
    library = GitLibrary(tmp_path / "feats")
    library.commit("WINDOW = 7")
    library.git("tag", "v0.3.0")
    return library


def tagged(library: GitLibrary) -> str:
    return f"feats @ git+{library.url}@v0.3.0"


def branch(library: GitLibrary) -> str:
    return f"feats @ git+{library.url}@main"


def errors(demo: MemoryProject) -> dict[str, str]:
    return {stage: str(result.error) for stage, result in demo.lock().items() if result.error}


def differences(demo: MemoryProject) -> list[str]:
    comparison = compare_project(demo.load())
    assert comparison is not None
    return [f"{each.name} {places_text(each.versions)}" for each in comparison.divergences]


def test_commits_of_one_version_are_a_difference(demo: MemoryProject, feats: GitLibrary) -> None:
    old, new = feats.git("rev-parse", "HEAD")[:7], feats.commit("WINDOW = 14")
    demo.write(pyproject({"feature": [tagged(feats)], "inference": [branch(feats)]}))
    assert errors(demo) == {}
    comparison = compare_project(demo.load())
    assert list(comparison_lines(comparison)) == [
        "",
        "1 package is shared between stages, at different versions or origins:",
        f"  <c1>feats</c1> 0.3.0 at {old} in feature, at {new} in inference",
        "    pyproject.toml requires feats (direct reference)",
    ]
    assert comparison is not None
    (divergence,) = comparison_data(comparison)["divergences"]
    assert divergence["versions"] == [
        {"versions": ["0.3.0"], "stages": ["feature"], "origins": [old]},
        {"versions": ["0.3.0"], "stages": ["inference"], "origins": [new]},
    ]


def test_a_rule_refuses_commits_of_one_version(demo: MemoryProject, feats: GitLibrary) -> None:
    old, new = feats.git("rev-parse", "HEAD")[:7], feats.commit("WINDOW = 14")
    groups = {"feature": [tagged(feats)], "inference": [branch(feats)], "training": []}
    demo.write(pyproject(groups, f'{RULE}stages = ["feature", "inference"]\n'))
    assert errors(demo) == {
        "feature": (
            "feature and inference cannot agree as tool.fti.align demands:\n"
            f"  feats 0.3.0 at {old} in feature, at {new} in inference:"
            " require the same origin in all of them"
        ),
        "inference": TIED,
    }
    assert list(demo.locked) == ["training"]
    demo.write(pyproject(groups, f'{RULE}level = "minor"\n'))
    assert errors(demo) == {}


def test_a_rule_of_level_none_allows_several_origins(
    demo: MemoryProject, feats: GitLibrary
) -> None:
    asked = {"feature": [tagged(feats)]}
    feats.commit("WINDOW = 14")
    asked["inference"] = [branch(feats)]
    demo.write(pyproject(asked, f'{RULE}stages = ["feature", "inference"]\nlevel = "none"\n'))
    assert errors(demo) == {}


def test_a_moved_branch_is_a_change(demo: MemoryProject, feats: GitLibrary) -> None:
    demo.write(pyproject({"feature": [branch(feats)], "inference": [branch(feats)]}, RULE))
    assert errors(demo) == {}
    old, new = feats.git("rev-parse", "HEAD")[:7], feats.commit("WINDOW = 14")
    for dry_run in (True, False):
        for result in demo.update("feats", dry_run=dry_run).values():
            assert list(change_lines(result.changes)) == [
                f"  <c1>~</c1> feats 0.3.0 {old} -> 0.3.0 {new}"
            ]
            assert list(map(change_data, result.changes)) == [
                {
                    "package": "feats",
                    "before": ["0.3.0"],
                    "after": ["0.3.0"],
                    "origins": {"before": [old], "after": [new]},
                }
            ]
    assert all(result.changes == () for result in demo.update("feats").values())
    assert all(result.is_fresh for result in demo.lock().values())
    assert differences(demo) == []


def test_a_stage_that_is_new_to_a_rule_needs_an_update(
    demo: MemoryProject, feats: GitLibrary
) -> None:
    demo.write(pyproject({"feature": [branch(feats)], "inference": []}, RULE))
    assert errors(demo) == {}
    old, new = feats.git("rev-parse", "HEAD")[:7], feats.commit("WINDOW = 14")
    demo.write(pyproject({"feature": [branch(feats)], "inference": [branch(feats)]}, RULE))
    assert errors(demo)["feature"].splitlines()[1] == (
        f"  feats 0.3.0 at {old} in feature, at {new} in inference:"
        " run `poetry fti update feats` to lock the newest in all of them"
    )
    assert all(result.error is None for result in demo.update("feats").values())
    assert errors(demo) == {}


def test_locks_with_different_commits_are_stale(demo: MemoryProject, feats: GitLibrary) -> None:
    demo.write(pyproject({"feature": [branch(feats)], "inference": [branch(feats)]}, RULE))
    demo.lock()
    lock = demo.root / "fti/inference/poetry.lock"
    commit = feats.git("rev-parse", "HEAD")
    text = lock.read_text(encoding="utf-8")
    other = commit.translate(str.maketrans("0123456789", "1234567890"))
    lock.write_text(text.replace(commit, other), encoding="utf-8")
    project = demo.load()
    (inference,) = project.select(["inference"])
    assert project.problem(inference) == (
        "fti/inference/poetry.lock violates a rule of tool.fti.align."
        " Run `poetry fti lock inference`."
    )


def test_an_index_with_other_files_is_another_origin(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": []})
    demo.index.offer({"lib 1.0": ["content other"]}, "private")
    groups = {"feature": ["lib"], "training": []}
    demo.write(pyproject(groups, SOURCES))
    assert errors(demo) == {}
    assert differences(demo) == ["lib 1.0 from PyPI in feature, from private in training"]
    demo.write(pyproject(groups, SOURCES + RULE.replace("feats", "lib")))
    assert errors(demo)["feature"].splitlines()[1] == (
        "  lib 1.0 from PyPI in feature, from private in training:"
        " require the same origin in all of them"
    )
    demo.index.offer({"lib 1.0": []}, "private")
    demo.clear_cache()
    assert demo.lock(regenerate=True)["feature"].error is None
    assert differences(demo) == []


@pytest.mark.parametrize("rule", ["", RULE.replace("feats", "lib")])
def test_builds_of_two_indexes_agree(demo: MemoryProject, rule: str) -> None:
    demo.index.offer({"lib 1.0": []})
    demo.index.offer({"lib 1.0+cpu": []}, "private")
    demo.write(pyproject({"feature": ["lib"], "training": []}, SOURCES + rule))
    assert errors(demo) == {}
    assert demo.locked == {"feature": "lib 1.0", "training": "lib 1.0+cpu"}
    assert differences(demo) == []


def test_files_and_folders_are_origins(demo: MemoryProject, feats: GitLibrary) -> None:
    metadata = b"Metadata-Version: 2.1\nName: feats\nVersion: 0.3.0\n"
    wheels = [demo.root / name / "feats-0.3.0-py3-none-any.whl" for name in ("one", "two", "same")]
    for wheel, content in zip(wheels, (b"1", b"2", b"1"), strict=True):
        wheel.parent.mkdir()
        write_wheel(wheel, {"feats.py": content}, metadata)
    one, two, same = (f"feats @ {wheel.as_uri()}" for wheel in wheels)
    tree = f"feats @ {feats.url}"
    demo.write(pyproject({"feature": [one], "training": [two], "inference": [same]}))
    assert errors(demo) == {}
    (difference,) = differences(demo)
    assert difference == (
        "feats 0.3.0 at one/feats-0.3.0-py3-none-any.whl in feature and inference,"
        " at two/feats-0.3.0-py3-none-any.whl in training"
    )
    demo.write(pyproject({"feature": [one], "training": [tree], "inference": [same]}))
    (change,) = demo.lock()["training"].changes
    assert list(change_lines([change])) == [
        "  <c1>~</c1> feats 0.3.0 two/feats-0.3.0-py3-none-any.whl -> 0.3.0 ../feats"
    ]
    (difference,) = differences(demo)
    assert difference.endswith(" in feature and inference, at ../feats in training")
