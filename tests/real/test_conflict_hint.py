"""Poetry's own lock fails: what is said if it is because stages conflict, and only then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from harness import Poetry
from loopback.clients import isolated_environment
from loopback.index import LoopbackIndex
from pythons import activated
from small_index import catalogue, pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

RELEASES: Final = {
    "numpy 1.26": [],
    "numpy 2.4": [],
    "old 1.0": ["numpy<2"],
    "new 1.0": ["numpy>=2"],
    "newest 1.0": ["python>=3.13", "numpy>=2"],
    "click 8.1": [],
}
APPLICATION: Final = "[tool.poetry]\npackage-mode = false\n"


def hint(names: str) -> str:
    return f"""
  • The stages conflict: {names} cannot share one lock.
    `poetry fti lock` locks each stage on its own. With `isolated = true` in [tool.fti],
    Poetry's own commands ignore the stages.
"""


@pytest.fixture(scope="module")
def poetry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Poetry]:
    """Poetry with an index of these releases, in a virtual environment."""
    home = tmp_path_factory.mktemp("home")
    with LoopbackIndex(catalogue(RELEASES)) as index:
        environment = activated(isolated_environment(home, index.url), home / "venv")
        yield Poetry(environment)


def added(
    poetry: Poetry,
    root: Path,
    groups: Mapping[str, Sequence[str]],
    *words: str,
    settings: str = "",
    dependencies: Sequence[str] = (),
) -> str:
    """Let a command fail, and return what the plugin adds to Poetry's own words."""
    text = pyproject(groups, APPLICATION + settings, dependencies=dependencies)
    (root / "pyproject.toml").write_text(text, encoding="utf-8")
    plain = poetry(root, *words, "--no-plugins")
    plugged = poetry(root, *words)
    assert plain.code == plugged.code == 1
    assert plugged.output == plain.output
    assert plugged.errors.startswith(plain.errors)
    return plugged.errors.removeprefix(plain.errors)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("lock", marks=pytest.mark.every_minor),
        "install",
        "update",
        pytest.param("add click", marks=pytest.mark.every_minor),
        "lock -v",
    ],
)
def test_a_hint_follows_if_stages_ask_for_what_excludes_each_other(
    tmp_path: Path, poetry: Poetry, words: str
) -> None:
    groups = {"training": ["numpy<2"], "inference": ["numpy>=2; sys_platform == 'linux'"]}
    assert added(poetry, tmp_path, groups, *words.split()) == hint("training and inference")


@pytest.mark.newest_only
@pytest.mark.parametrize(
    ("groups", "names"),
    [
        ({"training": ["old"], "inference": ["new"]}, "training and inference"),
        ({"training": ["old"], "inference": ["numpy>=2", "click"]}, "training and inference"),
        # Poetry merges what the stages ask for before it solves.
        (
            {"feature": ["numpy>1"], "training": ["numpy<2"], "inference": ["new"]},
            "feature, training and inference",
        ),
        ({"training": ["old"], "inference": [], "dev": ["numpy>=2"]}, "training and dev"),
    ],
)
def test_a_hint_follows_if_what_stages_ask_for_cannot_be_had_together(
    tmp_path: Path, poetry: Poetry, groups: Mapping[str, Sequence[str]], names: str
) -> None:
    assert added(poetry, tmp_path, groups, "lock") == hint(names)


@pytest.mark.newest_only
@pytest.mark.parametrize(
    ("groups", "dependencies"),
    [
        ({"training": ["old", "new"], "inference": ["numpy"]}, []),
        ({"training": ["old", "numpy<2"], "inference": ["numpy"]}, ["numpy>=2"]),
        ({"training": ["numpy<2"], "inference": ["numpy<2"]}, ["numpy>=2"]),
        ({"training": ["numpy==3"], "inference": ["numpy"]}, []),
        ({"training": ["newest"], "inference": ["numpy"]}, []),
        ({"training": ["click"], "dev": ["old", "new"]}, []),
        ({"other": ["old"], "another": ["new"]}, []),
    ],
)
def test_no_hint_follows_if_a_stage_has_no_solution_itself_or_no_stage_is_at_fault(
    tmp_path: Path,
    poetry: Poetry,
    groups: Mapping[str, Sequence[str]],
    dependencies: Sequence[str],
) -> None:
    assert added(poetry, tmp_path, groups, "lock", dependencies=dependencies) == ""


def test_no_hint_follows_where_it_could_not_be_told(tmp_path: Path, poetry: Poetry) -> None:
    groups = {"training": ["numpy<2"], "inference": ["numpy>=2"]}
    assert added(poetry, tmp_path, groups, "lock", settings="[tool.fti]\nisolatd = true\n") == ""
    assert added(poetry, tmp_path, {"training": ["old"]}, "add", "no-such-package") == ""
