"""Commands that read a hostile index end with an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from cases import seeds
from harness import Poetry
from loopback.clients import HASTE_VARIABLE, isolated_environment
from loopback.hostile import SPOILS, HostileIndex
from small_index import catalogue, pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness import Result
    from small_index import Releases

pytestmark = pytest.mark.generated

RELEASES: Final[Releases] = {
    "app 1.0": ["lib"],
    "app 2.0": ["lib>=1"],
    "lib 1.0": [],
    "lib 2.0": ["python>=3.12"],
}
PROJECT: Final = pyproject(
    {"training": ["app"]}, '[tool.fti.stages.training]\nplatforms = ["linux/amd64"]'
)
COMMANDS: Final = (
    ("lock", "--regenerate"),
    ("update", "lib", "--dry-run"),
    ("add", "training", "lib"),
    ("remove", "training", "app"),
    ("show", "training", "--latest"),
    ("export", "--format", "pylock"),
)
# They send no requests, so that one kind of index is like another one.
WITHOUT_INDEX: Final = (("lock", "--check"), ("list",), ("export", "--format", "requirements"))


@pytest.fixture(scope="module")
def index() -> Iterator[HostileIndex]:
    with HostileIndex(catalogue(RELEASES)) as found:
        yield found


@pytest.fixture(scope="module")
def lock(index: HostileIndex, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The lock of the stage, from the index before it is spoilt."""
    index.kind = None
    root = tmp_path_factory.mktemp("locked")
    (root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    home = tmp_path_factory.mktemp("home")
    Poetry(isolated_environment(home, index.url)).ok(root, "fti", "lock")
    return (root / "fti" / "training" / "poetry.lock").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", SPOILS)
@pytest.mark.parametrize("seed", seeds(1))
def test_a_command_ends_with_an_error(
    kind: str, seed: int, index: HostileIndex, lock: str, tmp_path: Path
) -> None:
    index.kind, index.seed = kind, seed
    for number, words in enumerate(COMMANDS):
        result = run(words, index, lock, tmp_path / str(number))
        assert result.code in (0, 1), (words, result)
        assert result.code == 0 or result.errors.strip(), (words, result)


@pytest.mark.parametrize("words", WITHOUT_INDEX)
def test_a_command_sends_no_request(
    words: tuple[str, ...], index: HostileIndex, lock: str, tmp_path: Path
) -> None:
    index.kind = "garbage"
    before = list(index.requests)
    assert run(words, index, lock, tmp_path).code == 0
    assert index.requests == before


def run(words: tuple[str, ...], index: HostileIndex, lock: str, folder: Path) -> Result:
    """Run a command on the locked project, with no cache; the harness refuses tracebacks."""
    root = folder / "demo"
    (root / "fti" / "training").mkdir(parents=True)
    (root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (root / "fti" / "training" / "poetry.lock").write_text(lock, encoding="utf-8")
    environment = isolated_environment(folder / "home", index.url)
    hasty = Poetry({**environment, HASTE_VARIABLE: "15"})
    return hasty(root, "fti", *words, "--no-interaction")
