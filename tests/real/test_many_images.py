"""The guide to a project of twelve images, with the recorded metadata of its packages."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from harness import Poetry
from loopback.catalogue import WORKBENCHES, load
from loopback.clients import copy_project, isolated_environment
from loopback.index import LoopbackIndex
from pages import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

GUIDE: Final = "docs/how-to/many-images.md"
# Large stages that have what others have, too, which the rule is not about either.
LEFT_OUT: Final = (
    "codeserver",
    "jupyter-pytorch",
    "jupyter-pytorch-llmcompressor",
    "jupyter-tensorflow",
    "jupyter-trustyai",
)

pytestmark = pytest.mark.generated  # hundreds of packages in each of twelve stages


@pytest.fixture(scope="module")
def poetry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Poetry]:
    with LoopbackIndex(load(WORKBENCHES)) as index:
        # Of several processes each would read the metadata of most packages.
        yield Poetry(isolated_environment(tmp_path_factory.mktemp("home"), index.url), processes=1)


@pytest.fixture(scope="module")
def locked(poetry: Poetry, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The locked project, and what the command printed."""
    root = copy_project("workbenches", tmp_path_factory.mktemp("locked"))
    return root, poetry.ok(root, "fti", "lock")


def versions(root: Path, package: str) -> dict[str, str]:
    pin = re.compile(rf'^name = "{package}"\nversion = "(.*)"$', re.MULTILINE)
    texts = {path.parent.name: path.read_text() for path in root.glob("fti/*/poetry.lock")}
    return {stage: found[1] for stage, text in texts.items() if (found := pin.search(text))}


def leave_out(root: Path) -> None:
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text()
    for stage in LEFT_OUT:
        text, number = re.subn(
            rf"^\[tool\.fti\.stages\.{stage}]\n(.+\n)+", "", text, flags=re.MULTILINE
        )
        assert number == 1
        shutil.rmtree(root / "fti" / stage)
    pyproject.write_text(text)


def test_the_output_is_what_the_guide_shows(locked: tuple[Path, str]) -> None:
    _, output = locked
    outputs = [block.text for block in blocks(GUIDE) if not block.language]
    shown = [line for output in outputs for line in output.splitlines()]
    assert shown
    assert [line for line in shown if line not in output.splitlines()] == []
    assert "not tried to the end" not in output


def test_a_rule_of_level_none_gives_the_runtimes_their_own_versions(
    poetry: Poetry, locked: tuple[Path, str], tmp_path: Path
) -> None:
    root = Path(shutil.copytree(locked[0], tmp_path / "workbenches"))
    assert set(versions(root, "codeflare-sdk").values()) == {"0.1.7"}
    leave_out(root)
    (rule,) = (block.text for block in blocks(GUIDE) if block.language == "toml")
    with (root / "pyproject.toml").open("a") as pyproject:
        pyproject.write(rule)
    poetry.ok(root, "fti", "lock", "--check")
    poetry.ok(root, "fti", "update", "codeflare-sdk", "rich")
    updated = versions(root, "codeflare-sdk")
    assert len(updated) == len(versions(locked[0], "codeflare-sdk")) - len(LEFT_OUT)
    runtimes = [stage for stage in updated if stage.startswith("runtimes-")]
    assert {stage: updated[stage] for stage in runtimes} == dict.fromkeys(
        (
            "runtimes-datascience",
            "runtimes-pytorch",
            "runtimes-pytorch-llmcompressor",
            "runtimes-tensorflow",
        ),
        "0.40.1",
    )
