"""A Poetry that is newer than the versions tested: stages are solved in public ways only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from harness import Poetry
from loopback.clients import VERSION_VARIABLE
from small_index import lab, pyproject

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from small_index import Lab, Releases

pytestmark = pytest.mark.newest_only

NOTICE: Final = (
    "Poetry 2.99.0 is newer than 2.5, the newest version that poetry-fti is tested with: stages"
    " are solved through Poetry's public interface only, which is slower."
)
UNPROVEN: Final = (
    "  With Poetry 2.99.0 only versions are compared that a stage finds on its own; poetry-fti is"
    " tested with Poetry 2.3 to 2.5."
)
LIB: Final[Releases] = {"lib 1.0": [], "lib 2.0": [], "lib 3.0": []}
RULE: Final = """\
[[tool.fti.align]]
packages = ["lib"]
stages = ["feature", "training"]
level = "exact"
"""


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv(VERSION_VARIABLE, "2.99.0")
    return lab(tmp_path)


def test_it_is_announced_once(demo: Lab) -> None:
    demo.write(pyproject({"feature": ["lib"], "training": ["lib"]}))
    result = demo.run(LIB, "fti", "lock")
    assert (result.code, result.errors.strip()) == (0, NOTICE)
    fresh = demo.run(LIB, "fti", "lock")
    assert (fresh.code, fresh.errors.strip()) == (0, "")


def test_stages_agree_and_keep_their_pins(demo: Lab) -> None:
    groups = {"feature": ["app"], "training": ["lib"]}
    demo.write(pyproject(groups))
    demo.lock({**LIB, "app 1.0": ["lib<3"]})
    assert demo.locked == {"feature": "app 1.0, lib 2.0", "training": "lib 2.0"}
    demo.write(pyproject({**groups, "training": ["lib", "app"]}))
    demo.lock({**LIB, "lib 2.5": [], "app 1.0": ["lib<3"], "app 1.1": ["lib<3"]})
    assert demo.locked == {"feature": "app 1.0, lib 2.0", "training": "app 1.0, lib 2.0"}
    demo.run({**LIB, "lib 2.5": [], "app 1.1": ["lib<3"]}, "fti", "update")
    assert demo.locked == {"feature": "app 1.1, lib 2.5", "training": "app 1.1, lib 2.5"}


def test_a_pin_that_the_index_no_longer_has_is_given_up(demo: Lab) -> None:
    demo.write(pyproject({"training": ["lib<3"]}))
    demo.lock(LIB)
    demo.write(pyproject({"training": ["lib<3", "app"]}))
    demo.lock({"lib 1.0": [], "app 1.0": []})
    assert demo.locked == {"training": "app 1.0, lib 1.0"}


def test_constraints_are_added_to_what_is_required(demo: Lab) -> None:
    demo.write(pyproject({"training": ["app"]}))
    demo.lock({**LIB, "app 1.0": ["lib"]})
    constraints = ["lib<3", "lib<2; python_version < '3.12'"]
    demo.write(pyproject({"training": ["app"]}, f"[tool.fti]\nconstraints = {constraints}\n"))
    demo.lock({**LIB, "app 1.0": ["lib"]})
    assert demo.locked == {"training": "app 1.0, lib 1.0, lib 2.0"}


def test_a_rule_holds_where_an_alignment_finds_versions(demo: Lab) -> None:
    demo.write(pyproject({"feature": ["lib"], "training": ["lib"]}))
    demo.lock({"lib 3.0": []})
    demo.write(pyproject({"feature": ["lib"], "training": ["lib<3"]}, RULE))
    demo.lock(LIB)
    assert demo.locked == {"feature": "lib 2.0", "training": "lib 2.0"}


def test_a_rule_that_does_not_hold_is_an_error(demo: Lab) -> None:
    groups = {"feature": ["lib>=2"], "training": ["lib<2"], "inference": ["lib"]}
    demo.write(pyproject(groups, RULE))
    result = demo.run(LIB, "fti", "lock")
    assert result.code == 1
    assert [line for line in result.errors.splitlines() if line] == [
        NOTICE,
        "feature: feature and training cannot agree as tool.fti.align demands:",
        UNPROVEN,
        "training: not locked: a rule in tool.fti.align ties it to feature, which failed",
        "2 of 3 stages failed.",
    ]
    assert demo.locked.keys() == {"inference"}


def test_stages_are_narrowed_and_requirements_overridden(demo: Lab) -> None:
    settings = '[tool.fti.stages.training]\nplatforms = ["linux/amd64", "macos/arm64"]\n'
    releases = {
        **LIB,
        "app 1.0": ["lib<2", "win; sys_platform == 'win32'", "mac; sys_platform == 'darwin'"],
        "mac 1.0": [],
    }
    demo.write(pyproject({"training": ["app"]}, settings + 'overrides = { lib = ">=2" }\n'))
    demo.lock(releases)
    assert demo.locked == {"training": "app 1.0, lib 3.0, mac 1.0"}


@pytest.mark.parametrize(
    ("key", "setting", "verb"),
    [
        ('overrides = { lib = ">=2" }', "an override", "replace"),
        ('exclude = ["lib"]', "`exclude`", "drop"),
        (
            "constraints = [\"lib<2; sys_platform == 'win32'\"]",
            "a constraint with a marker",
            "limit",
        ),
    ],
)
def test_what_a_path_requires_cannot_be_changed(
    demo: Lab, key: str, setting: str, verb: str
) -> None:
    settings = f"""\
[tool.fti.stages.training]
{key}
[tool.poetry.group.training.dependencies]
helper = {{ path = "helper" }}
"""
    demo.write(pyproject({"training": ["helper"]}, settings))
    (demo.root / "helper").mkdir()
    helper = '[project]\nname = "helper"\nversion = "1.0"\ndependencies = ["lib<2"]\n'
    (demo.root / "helper" / "pyproject.toml").write_text(helper, encoding="utf-8")
    result = demo.run(LIB, "fti", "lock")
    assert result.code == 1
    assert result.errors.splitlines()[-1] == (
        f"training: helper requires lib, which {setting} {verb}s. With Poetry 2.99.0 {setting}"
        f" cannot {verb} what a package from a path, a URL or a repository requires; poetry-fti is"
        " tested with Poetry 2.3 to 2.5."
    )


@pytest.mark.parametrize(
    ("name", "stages"),
    [("tiny", ()), pytest.param("tabular", ("training",), marks=pytest.mark.generated)],
)
def test_locks_are_those_of_a_tested_poetry(
    name: str, stages: tuple[str, ...], project: Callable[[str], Path], poetry: Poetry
) -> None:
    root = project(name)
    poetry.ok(root, "fti", "lock", "--no-align", *stages)
    before = {lock: _body(lock) for lock in root.glob("*/*/poetry.lock")}
    environment = {**poetry.environment, VERSION_VARIABLE: "2.99.0"}
    Poetry(environment).ok(root, "fti", "lock", "--no-align", "--regenerate", *stages)
    assert {lock: _body(lock) for lock in root.glob("*/*/poetry.lock")} == before


def _body(lock: Path) -> str:
    """Return a lock's text without the line that names the Poetry that wrote it."""
    return lock.read_text(encoding="utf-8").partition("\n")[2]
