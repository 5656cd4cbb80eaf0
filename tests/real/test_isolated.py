"""Poetry's own commands in a project whose conflicting stages `isolated` hides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
import tomlkit

from harness import Poetry
from loopback.clients import isolated_environment
from loopback.index import LoopbackIndex
from poetry_fti.bridge.toml_parser import tomllib
from pythons import activated
from small_index import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RELEASES: Final = {
    "numpy 1.26": [],
    "numpy 2.4": [],
    "click 8.1": [],
    "click 8.2": [],
    "pytest 8.0": ["pluggy"],
    "pluggy 1.5": [],
    "mlflow 3.0": ["numpy"],
}
PROJECT: Final = """\
[project]
name = "demo"
version = "1"
requires-python = ">=3.11"
dependencies = ["click<8.2"]
"""
APPLICATION: Final = """\
[tool.poetry]
package-mode = false
"""
STANDARD: Final = """\
[dependency-groups]
training = ["numpy<2", { include-group = "tracking" }]
tracking = ["mlflow"]
inference = ["numpy>=2"]
dev = ["pytest", { include-group = "inference" }]
"""
CLASSIC: Final = """\
[tool.poetry.group.training]
include-groups = ["tracking"]
[tool.poetry.group.training.dependencies]
numpy = "<2"
[tool.poetry.group.tracking.dependencies]
mlflow = "*"
[tool.poetry.group.inference]
optional = true
[tool.poetry.group.inference.dependencies]
numpy = ">=2"
[tool.poetry.group.dev]
include-groups = ["inference"]
[tool.poetry.group.dev.dependencies]
pytest = "*"
"""
WITHOUT: Final = {
    STANDARD: '[dependency-groups]\ndev = ["pytest"]\n',
    CLASSIC: '[tool.poetry.group.dev.dependencies]\npytest = "*"\n',
}
LOCKING: Final = (
    ("lock",),
    ("add", "--lock", "--group", "docs", "pluggy"),
    ("add", "--lock", "--group", "dev", "pluggy"),
    ("remove", "--lock", "pytest"),
    ("update", "--lock"),
    ("lock", "--regenerate"),
)
ISOLATED: Final = "[tool.fti]\nisolated = true\n"
CONFLICTING: Final = PROJECT + STANDARD + APPLICATION + ISOLATED

WOULD_BE_A_STAGE: Final = (
    'A group "feature" would be a pipeline stage, and those are hidden from Poetry: `isolated` is'
    " set in [tool.fti]. Write `feature = []` into [dependency-groups], then run"
    " `poetry fti add feature PACKAGE`."
)
IN_A_HIDDEN_GROUP: Final = (
    '"mlflow" is in the group "tracking", which is hidden from Poetry: it belongs to the stage'
    ' "training", and `isolated` is set in [tool.fti]. Run `poetry fti remove training mlflow`, or'
    " name another group with `--group`."
)
STALE: Final = (
    "\npyproject.toml changed significantly since poetry.lock was last generated."
    " Run `poetry lock` to fix the lock file.\n"
)


def hidden(stage: str, instead: str) -> str:
    """Return what is said of the group that has a stage's name."""
    return (
        f'The group "{stage}" is hidden from Poetry: it belongs to the stage "{stage}", and'
        f" `isolated` is set in [tool.fti]. Run `poetry fti {instead}`."
    )


@pytest.fixture(scope="module")
def poetry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Poetry]:
    """Poetry with an index of these releases, in a virtual environment."""
    home = tmp_path_factory.mktemp("home")
    with LoopbackIndex(catalogue(RELEASES)) as index:
        environment = activated(isolated_environment(home, index.url), home / "venv")
        yield Poetry(environment, processes=1)


@pytest.fixture
def demo(tmp_path: Path) -> Callable[[str], Path]:
    """Write this pyproject.toml into a folder, always one of the same name."""

    def write(text: str) -> Path:
        root = tmp_path / str(len(list(tmp_path.iterdir()))) / "demo"
        root.mkdir(parents=True)
        (root / "pyproject.toml").write_text(text, encoding="utf-8")
        return root

    return write


@pytest.fixture(scope="module")
def lock(tmp_path_factory: pytest.TempPathFactory, poetry: Poetry) -> bytes:
    """The lock of the project whose stages conflict."""
    root = tmp_path_factory.mktemp("demo")
    (root / "pyproject.toml").write_text(CONFLICTING, encoding="utf-8")
    poetry.ok(root, "lock")
    return (root / "poetry.lock").read_bytes()


def locked(root: Path) -> list[str]:
    lock = tomllib.loads((root / "poetry.lock").read_text(encoding="utf-8"))
    return [f"{package['name']} {package['version']}" for package in lock["package"]]


@pytest.mark.parametrize(
    ("groups", "commands"),
    [(STANDARD, LOCKING), (CLASSIC, LOCKING[:2])],
    ids=["standard", "classic"],
)
def test_the_lock_is_that_of_a_project_without_the_stages(
    demo: Callable[[str], Path], poetry: Poetry, groups: str, commands: tuple[tuple[str, ...], ...]
) -> None:
    isolated = demo(PROJECT + APPLICATION + groups + ISOLATED)
    without_stages = demo(PROJECT + APPLICATION + WITHOUT[groups])
    for command in commands:
        assert poetry(isolated, *command).code == 0, command
        poetry.ok(without_stages, *command, "--no-plugins")
        lock = (isolated / "poetry.lock").read_bytes()
        assert lock == (without_stages / "poetry.lock").read_bytes(), command


def test_every_command_serves_what_is_no_stage(demo: Callable[[str], Path], poetry: Poetry) -> None:
    root = demo(CONFLICTING)
    poetry.ok(root, "lock")
    assert locked(root) == ["click 8.1", "pluggy 1.5", "pytest 8.0"]
    assert poetry.ok(root, "check", "--lock", "--strict") == "All set!\n"
    for words in ("install", "install --all-groups", "sync", "update"):
        said = poetry.ok(root, *words.split(), "--dry-run")
        assert "Package operations: 3 installs" in said, words
    assert [line.split()[0] for line in poetry.ok(root, "show").splitlines()] == [
        "click",
        "pluggy",
        "pytest",
    ]
    exported = poetry.ok(root, "export", "--all-groups", "--without-hashes")
    assert [line.partition("==")[0] for line in exported.splitlines()] == [
        "click",
        "pluggy",
        "pytest",
    ]


def test_stages_are_locked_apart_all_the_same(demo: Callable[[str], Path], poetry: Poetry) -> None:
    root = demo(CONFLICTING)
    poetry.ok(root, "lock")
    before = (root / "poetry.lock").read_bytes()
    poetry.ok(root, "fti", "lock")
    poetry.ok(root, "fti", "add", "--lock", "training", "pluggy")
    poetry.ok(root, "fti", "lock", "--check")
    assert locked(root / "fti" / "training") == [
        "click 8.1",
        "mlflow 3.0",
        "numpy 1.26",
        "pluggy 1.5",
    ]
    assert locked(root / "fti" / "inference") == ["click 8.1", "numpy 2.4"]
    assert (root / "poetry.lock").read_bytes() == before
    assert poetry.ok(root, "check", "--lock") == "All set!\n"


def test_who_has_no_plugin_is_stopped(
    demo: Callable[[str], Path], poetry: Poetry, lock: bytes
) -> None:
    root = demo(CONFLICTING)
    (root / "poetry.lock").write_bytes(lock)
    for words in (("install",), ("install", "--with", "training"), ("sync",)):
        result = poetry(root, *words, "--no-plugins")
        assert result.code == 1, words
        assert result.errors.endswith(STALE), words
    check = poetry(root, "check", "--lock", "--no-plugins")
    assert check.code == 1
    assert check.errors == f"Error: {STALE[1:]}"


def test_a_lock_with_the_stages_is_stale(demo: Callable[[str], Path], poetry: Poetry) -> None:
    agreeing = CONFLICTING.replace("numpy>=2", "numpy")
    root = demo(agreeing)
    poetry.ok(root, "lock", "--no-plugins")
    assert poetry(root, "install", "--dry-run").errors.endswith(STALE)
    # Poetry 2.2 hashed no group of PEP 735: as if there were none but hidden ones.
    only_stages = demo(agreeing.replace('dev = ["pytest", { include-group = "inference" }]\n', ""))
    poetry.ok(only_stages, "lock", "--no-plugins")
    lock = only_stages / "poetry.lock"
    with_stages = tomlkit.parse(lock.read_text(encoding="utf-8"))
    poetry.ok(only_stages, "lock")
    assert locked(only_stages) == ["click 8.1"]
    hidden = tomllib.loads(lock.read_text(encoding="utf-8"))
    with_stages["metadata"]["content-hash"] = hidden["metadata"]["content-hash"]
    lock.write_text(tomlkit.dumps(with_stages), encoding="utf-8")
    assert poetry(only_stages, "install", "--dry-run").errors.endswith(STALE)


# The messages are the plugin's own, and other tests run these commands.
@pytest.mark.newest_only
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("add --group training click", hidden("training", "add training PACKAGE")),
        (
            "add -G Tracking click",
            hidden("training", "add training PACKAGE").replace(
                'group "training', 'group "Tracking'
            ),
        ),
        ("remove --group inference numpy", hidden("inference", "remove inference PACKAGE")),
        ("install --with dev,training", hidden("training", "install training")),
        ("sync --only training", hidden("training", "install training --sync")),
        ("update --with training", hidden("training", "update --stage training")),
        ("show --only inference", hidden("inference", "show inference")),
        ("export --with training", hidden("training", "export training")),
        ("add --group feature click", WOULD_BE_A_STAGE),
        ("remove pytest mlflow", IN_A_HIDDEN_GROUP),
    ],
)
def test_commands_that_name_a_hidden_group_are_refused(
    demo: Callable[[str], Path], poetry: Poetry, lock: bytes, words: str, message: str
) -> None:
    root = demo(CONFLICTING)
    (root / "poetry.lock").write_bytes(lock)
    result = poetry(root, *words.split())
    assert result.code == 1
    assert result.errors.endswith(f"\n{message}\n")
    assert (root / "poetry.lock").read_bytes() == lock
    assert (root / "pyproject.toml").read_text(encoding="utf-8") == CONFLICTING


def test_a_stage_of_the_isolated_may_be_seen(demo: Callable[[str], Path], poetry: Poetry) -> None:
    seen = """\
[tool.fti.stages.training]
[tool.fti.stages.inference]
isolated = false
"""
    root = demo(CONFLICTING + seen)
    poetry.ok(root, "lock")
    assert locked(root) == ["click 8.1", "numpy 2.4", "pluggy 1.5", "pytest 8.0"]
    poetry.ok(root, "add", "--lock", "--group", "inference", "pluggy")


def test_a_wrong_configuration_is_told_before_it_hides_the_wrong_groups(
    demo: Callable[[str], Path], poetry: Poetry
) -> None:
    root = demo(CONFLICTING + '[tool.fti.stages.training]\ngroups = ["<b>trainin"]\n')
    expected = """
pyproject.toml has 1 problem:
  tool.fti.stages.training.groups[0]: there is no dependency group "<b>trainin"; did you mean\
 "training"?
"""
    for command in (("lock",), ("add", "click"), ("run", "python", "-V")):
        result = poetry(root, *command)
        assert (result.code, result.errors) == (1, expected)
    assert not (root / "poetry.lock").exists()
    assert poetry(root, "fti", "lock").errors == expected[1:]
    poetry.ok(root, "config", "cache-dir")
    poetry.ok(demo((root / "pyproject.toml").read_text().replace(ISOLATED, "")), "check")
