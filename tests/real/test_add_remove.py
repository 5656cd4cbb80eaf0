"""`poetry fti add` and `remove`: the edit, the lock and the environment, or nothing of it."""

from __future__ import annotations

import os
import signal
from textwrap import dedent
from typing import TYPE_CHECKING, Final

import pytest

from harness import snapshot
from loopback.clients import HASTE_VARIABLE, isolated_environment
from poetry_fti.bridge.toml_parser import tomllib

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness import Poetry

PYPROJECT: Final = """\
    # Everything about the project.
    [project]
    name = 'demo'   # quoted like this
    version = "1"
    requires-python = ">=3.11"
    dependencies = ["alpha"]

    [dependency-groups]
    dev = ["loopish"]
    training = [
        # the old one
        "oldie",  # for now
        {include-group = "shared"},
    ]
    shared = ['drawing']
    inference = [{include-group = "shared"}]

    [tool.poetry]
    package-mode = false

    [tool.fti.stages.training]
    dev-groups = ["dev"]
    [tool.fti.stages.inference]
    """


def project(folder: Path, text: str = PYPROJECT) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text(dedent(text), encoding="utf-8")
    return folder


def changed(folder: Path, text: str = PYPROJECT) -> tuple[list[str], list[str]]:
    """Return the lines that are gone from the pyproject.toml, and those that are new."""
    before = dedent(text).splitlines()
    after = (folder / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    return [x for x in before if x not in after], [x for x in after if x not in before]


def locked(folder: Path, stage: str) -> dict[str, str]:
    text = (folder / "fti" / stage / "poetry.lock").read_text(encoding="utf-8")
    return {each["name"]: each["version"] for each in tomllib.loads(text)["package"]}


@pytest.mark.every_minor
def test_a_package_is_added_and_removed_and_the_rest_stays(poetry: Poetry, tmp_path: Path) -> None:
    root = project(tmp_path)
    poetry.ok(root, "fti", "lock")
    inference = (root / "fti/inference/poetry.lock").read_bytes()
    output = poetry.ok(root, "fti", "add", "training", "boosting", "-E", "plot")
    assert output.startswith("Using version ^1.0 for boosting\n\ntraining: locked 5 packages in ")
    assert changed(root) == ([], ['    "boosting[plot] (>=1.0,<2.0)",'])
    assert "boosting" in locked(root, "training")
    assert (root / "fti/inference/poetry.lock").read_bytes() == inference
    poetry.ok(root, "fti", "remove", "training", "boosting")
    assert changed(root) == ([], [])
    assert "boosting" not in locked(root, "training")
    assert poetry.ok(root, "fti", "lock", "--check") == "2 locks checked: all fresh.\n"


def test_a_group_that_is_emptied_stays(poetry: Poetry, tmp_path: Path) -> None:
    root = project(tmp_path, PYPROJECT.replace('{include-group = "shared"},', ""))
    poetry.ok(root, "fti", "remove", "training", "oldie")
    data = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert data["dependency-groups"]["training"] == []
    poetry.ok(root, "fti", "remove", "inference", "drawing", "--group", "shared")
    data = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert data["dependency-groups"]["shared"] == []
    assert data["dependency-groups"]["inference"] == [{"include-group": "shared"}]


def test_an_included_group_is_edited_by_its_name(poetry: Poetry, tmp_path: Path) -> None:
    root = project(tmp_path)
    poetry.ok(root, "fti", "lock")
    output = poetry.ok(root, "fti", "add", "training", "webby@>=0.9", "--group", "shared")
    assert changed(root) == (["shared = ['drawing']"], ["shared = ['drawing', \"webby (>=0.9)\"]"])
    assert output.endswith("\ninference includes the group shared: it was locked, too.\n")
    assert poetry.ok(root, "fti", "lock", "--check") == "2 locks checked: all fresh.\n"
    unknown = poetry(root, "fti", "add", "inference", "webby", "--group", "dev")
    assert unknown.code == 2
    assert unknown.errors == (
        'The stage "inference" has no group "dev" (groups: inference, shared). Add it to `groups`'
        " in [tool.fti.stages.inference], or to `dev-groups` if it is for development only.\n"
    )


@pytest.mark.newest_only
def test_development_groups_are_locked_and_installed_but_not_exported(
    poetry: Poetry, tmp_path: Path
) -> None:
    root = project(tmp_path)
    poetry.ok(root, "fti", "add", "training", "webby", "--group", "dev")
    assert changed(root) == (['dev = ["loopish"]'], ['dev = ["loopish", "webby (>=0.9,<0.10)"]'])
    assert {"loopish", "webby"} <= locked(root, "training").keys()
    poetry.ok(root, "fti", "export", "training")
    for file in ("requirements.txt", "pylock.training.toml"):
        text = (root / "fti/training" / file).read_text(encoding="utf-8")
        assert "oldie" in text
        assert "loopish" not in text
        assert "webby" not in text
    output = poetry.ok(root, "fti", "install", "training", "--without", "dev")
    assert "Installing oldie (1.0)" in output
    assert "loopish" not in output
    assert "Installing loopish (0.1)" in poetry.ok(root, "fti", "install", "training")


def test_an_optional_development_group_waits_to_be_asked_for(
    poetry: Poetry, tmp_path: Path
) -> None:
    root = project(tmp_path, PYPROJECT + "[tool.poetry.group.dev]\noptional = true\n")
    poetry.ok(root, "fti", "lock", "training")
    assert "loopish" not in poetry.ok(root, "fti", "install", "training")
    output = poetry.ok(root, "fti", "install", "training", "--with", "dev")
    assert "Installing loopish (0.1)" in output


@pytest.mark.every_minor
def test_what_conflicts_changes_nothing(poetry: Poetry, tmp_path: Path) -> None:
    root = project(tmp_path)
    poetry.ok(root, "fti", "lock")
    poetry.ok(root, "fti", "add", "--lock", "training", "torchish@2.0")
    before = snapshot(root)
    conflict = poetry(root, "fti", "add", "training", "sparkish")
    assert conflict.code == 1
    assert conflict.output == "Using version ^3.5 for sparkish\n\n"
    assert conflict.errors == (
        "training: sparkish 3.5 requires alpha <2, but torchish 2.0 requires alpha >=2.\n"
        "Rerun with -v for the solver's whole explanation.\n\nNo changes were applied.\n"
    )
    for words, said in (
        (("add", "training", "nosuch"), "Could not find a matching version of package nosuch"),
        (("add", "training", "webby", "--source", "x"), 'Repository "x" does not exist.'),
        (("remove", "training", "nosuch"), '"nosuch" is not a dependency of "training".'),
        (
            ("remove", "training", "drawing"),
            '"drawing" is in the group "shared", which other stages may include',
        ),
        (
            ("remove", "training", "Alpha"),
            '"Alpha" is a dependency of the project, and thereby of every stage. Remove it with',
        ),
    ):
        failed = poetry(root, "fti", *words)
        assert failed.code in {1, 2}
        assert said in failed.errors
    assert snapshot(root) == before


def test_what_is_there_already_is_told(poetry: Poetry, tmp_path: Path) -> None:
    root = project(tmp_path)
    output = poetry.ok(root, "fti", "add", "training", "oldie")
    assert output.startswith("training already requires oldie. To update it")
    assert output.endswith("Nothing to add.\n")


@pytest.mark.newest_only
def test_a_dry_run_writes_nothing_and_lock_installs_nothing(poetry: Poetry, tmp_path: Path) -> None:
    root = project(tmp_path)
    poetry.ok(root, "fti", "lock")
    poetry.ok(root, "fti", "install", "training", "--no-root")
    before = snapshot(root)
    output = poetry.ok(root, "fti", "add", "training", "webby", "--dry-run")
    assert "  + webby 0.9\n" in output
    assert output.endswith("Dry run: no file was written.\n")
    assert snapshot(root) == before
    has_webby = (
        "python",
        "-c",
        "from importlib.util import find_spec as f; print(bool(f('webby')))",
    )
    poetry.ok(root, "fti", "add", "training", "webby", "--lock")
    assert poetry.ok(root, "fti", "run", "training", *has_webby) == "False\n"
    poetry.ok(root, "fti", "install", "training")
    assert poetry.ok(root, "fti", "run", "training", *has_webby) == "True\n"
    assert "- Removing webby (0.9)" in poetry.ok(root, "fti", "remove", "training", "webby")


def test_what_cannot_be_installed_changes_nothing(poetry: Poetry, tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / "broken").mkdir()
    (root / "broken/pyproject.toml").write_text(
        '[project]\nname = "broken"\nversion = "1"\n'
        '[build-system]\nrequires = []\nbuild-backend = "nosuch"\n',
        encoding="utf-8",
    )
    poetry.ok(root, "fti", "lock")
    poetry.ok(root, "fti", "install", "training")
    before = snapshot(root)
    failed = poetry(root, "fti", "add", "training", "./broken")
    assert failed.code == 1
    assert failed.errors.endswith("No changes were applied.\n")
    assert snapshot(root) == before


def test_the_tables_of_poetry_are_edited_where_the_project_has_them(
    poetry: Poetry, tmp_path: Path
) -> None:
    text = """\
        [tool.poetry]
        name = "demo"
        version = "1"
        package-mode = false

        [tool.poetry.dependencies]
        python = ">=3.11"

        [tool.poetry.group.Training.dependencies]
        oldie = "*"  # for now

        [tool.poetry.group.inference.dependencies]
        """
    root = project(tmp_path, text)
    poetry.ok(root, "fti", "add", "training", "webby", "boosting@^1")
    assert changed(root, text) == ([], ['webby = "^0.9"', 'boosting = "^1"'])
    poetry.ok(root, "fti", "remove", "training", "webby", "boosting", "oldie")
    data = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert data["tool"]["poetry"]["group"]["Training"] == {"dependencies": {}}
    assert poetry.ok(root, "fti", "lock", "--check", "training") == "1 lock checked: all fresh.\n"


def test_a_group_stays_in_its_table(poetry: Poetry, tmp_path: Path) -> None:
    text = (
        PYPROJECT
        + """
    [tool.poetry.group.feature.dependencies]
    oldie = "*"  # for now

    [tool.fti.stages.feature]
    """
    )
    root = project(tmp_path, text)
    poetry.ok(root, "fti", "add", "feature", "webby", "boosting")
    assert changed(root, text) == ([], ['webby = "^0.9"', 'boosting = "^1.0"'])
    assert {"oldie", "webby", "boosting"} <= locked(root, "feature").keys()
    poetry.ok(root, "fti", "remove", "feature", "webby", "boosting")
    assert changed(root, text) == ([], [])


@pytest.mark.newest_only
def test_stages_that_a_rule_ties_are_locked_together(poetry: Poetry, tmp_path: Path) -> None:
    rule = '[[tool.fti.align]]\npackages = ["webby"]\n'
    root = project(tmp_path, PYPROJECT + rule)
    poetry.ok(root, "fti", "lock")
    poetry.ok(root, "fti", "add", "training", "webby")
    assert poetry.ok(root, "fti", "lock", "--check") == "2 locks checked: all fresh.\n"


def killed_at(said: str, poetry: Poetry, root: Path, words: Sequence[str]) -> None:
    """Start a command, and kill it and all its processes as soon as it has said something."""
    process = poetry.start(root, *words, new_session=True)
    assert process.stdout is not None
    assert any(said in line for line in process.stdout), said
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.newest_only
def test_a_command_that_is_killed_can_be_run_again(poetry: Poetry, tmp_path: Path) -> None:
    root = project(tmp_path)
    poetry.ok(root, "fti", "lock")
    poetry.ok(root, "fti", "install", "training")
    words = ["fti", "add", "training", "webby", "boosting", "torchish", "sourceonly"]
    for said in ("Using version", ": locked", "Package operations", "Installing webby"):
        killed_at(said, poetry, root, words)
        tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        assert "oldie" in locked(root, "training")
    poetry.ok(root, *words)
    killed_at("Installing", poetry, root, ["fti", "install", "inference"])
    poetry.ok(root, "fti", "install", "inference")
    for stage, modules in (("training", "webby, boosting, torchish"), ("inference", "drawing")):
        poetry.ok(root, "fti", "run", stage, "python", "-c", f"import {modules}")
    assert poetry.ok(root, "fti", "lock", "--check") == "2 locks checked: all fresh.\n"


@pytest.mark.newest_only
def test_without_network_nothing_changes(poetry: Poetry, tmp_path: Path) -> None:
    root = project(tmp_path / "demo")
    poetry.ok(root, "fti", "lock")
    before = snapshot(root)
    environment = isolated_environment(tmp_path / "home", "http://127.0.0.1:1/")
    offline = type(poetry)({**environment, HASTE_VARIABLE: "15"})
    for words in (("add", "training", "webby"), ("install", "training"), ("lock", "--regenerate")):
        failed = offline(root, "fti", *words)
        assert failed.code == 1
        assert "127.0.0.1" in failed.errors + failed.output
        assert snapshot(root) == before
