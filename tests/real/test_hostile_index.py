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

    from small_index import Releases

pytestmark = pytest.mark.generated

RELEASES: Final[Releases] = {
    "app 1.0": ["lib"],
    "app 2.0": ["lib>=1"],
    "lib 1.0": [],
    "lib 2.0": ["python>=3.12"],
}
STAGE: Final = '[tool.fti.stages.training]\nplatforms = ["linux/amd64"]'
COMMANDS: Final = (
    ("lock", "--regenerate"),
    ("update", "lib", "--dry-run"),
    ("add", "training", "lib"),
    ("remove", "training", "app"),
    ("show", "training", "--latest"),
    ("export", "--format", "pylock"),
    ("export", "--format", "requirements"),
    ("lock", "--check"),
    ("list",),
)


@pytest.fixture(scope="module")
def index() -> Iterator[HostileIndex]:
    with HostileIndex(catalogue(RELEASES)) as found:
        yield found


@pytest.mark.parametrize("kind", SPOILS)
@pytest.mark.parametrize("seed", seeds(1))
def test_a_command_ends_with_an_error(
    kind: str, seed: int, index: HostileIndex, tmp_path: Path
) -> None:
    index.kind, index.seed = None, seed
    root = tmp_path / "demo"
    root.mkdir()
    text = pyproject({"training": ["app"]}, STAGE)
    (root / "pyproject.toml").write_text(text, encoding="utf-8")
    Poetry(isolated_environment(tmp_path / "home", index.url)).ok(root, "fti", "lock")
    path = root / "fti" / "training" / "poetry.lock"
    lock = path.read_text(encoding="utf-8")
    index.kind = kind
    for number, words in enumerate(COMMANDS):
        (root / "pyproject.toml").write_text(text, encoding="utf-8")
        path.write_text(lock, encoding="utf-8")
        environment = isolated_environment(tmp_path / f"home-{number}", index.url)
        hasty = Poetry({**environment, HASTE_VARIABLE: "15"})
        # The harness refuses tracebacks.
        result = hasty(root, "fti", *words, "--no-interaction")
        assert result.code in (0, 1), (words, result)
        assert result.code == 0 or result.errors.strip(), (words, result)
