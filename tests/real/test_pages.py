"""The how-to pages, followed with recorded packages; what they write for other tools is read."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import pytest
import yaml

from harness import Poetry
from loopback.catalogue import Catalogue, load
from loopback.clients import isolated_environment
from loopback.index import Further, LoopbackIndex
from pages import Reader, blocks
from pythons import activated, only_pythons

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from loopback.catalogue import Release

pytestmark = pytest.mark.newest_only

CPU_INDEX: Final = "https://download.pytorch.org/whl/cpu"
GIT: Final = ("git", "-c", "user.name=Reader", "-c", "user.email=reader@example.com")
POETRY: Final = re.compile(r"poetry (fti [^&\n]*)")


def for_cpus(release: Release) -> Release:
    """Return the build of a release of torch without CUDA."""
    metadata = tuple(
        (name, value)
        for name, value in release.metadata
        if name != "Version" and not value.startswith(("nvidia-", "cuda-", "triton"))
    )
    version = f"{release.version}+cpu"
    files = tuple(
        replace(file, filename=file.filename.replace(release.version, version))
        for file in release.files
    )
    return replace(
        release, version=version, metadata=(*metadata, ("Version", version)), files=files
    )


@dataclass(frozen=True)
class Desk:
    """Where a page is read: a folder with a repository, and an index."""

    reader: Reader

    @property
    def root(self) -> Path:
        """The folder of the project."""
        return self.reader.here

    def poetry(self, *words: str) -> str:
        """Run a command that must succeed, and return its output."""
        return self.reader.poetry.ok(self.root, *words)

    def commit(self, message: str) -> None:
        """Commit all files."""
        subprocess.run([*GIT, "add", "."], cwd=self.root, check=True)
        subprocess.run([*GIT, "commit", "-qm", message], cwd=self.root, check=True)

    def edit(self, old: str, new: str) -> None:
        """Replace a text in pyproject.toml."""
        path = self.root / "pyproject.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def poetry_and_index(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Poetry, LoopbackIndex]]:
    home = tmp_path_factory.mktemp("home")
    torch = Catalogue({"torch": tuple(map(for_cpus, load().projects["torch"][:3]))})
    with LoopbackIndex(load(), further={"cpu": Further(torch)}) as index:
        isolated = only_pythons(isolated_environment(home, index.url), home / "bin")
        environment = activated(isolated, home / "active")
        names = {
            f"GIT_{who}_{what}": "reader@example.com"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        yield Poetry(environment | names, processes=1), index


@pytest.fixture
def desk(poetry_and_index: tuple[Poetry, LoopbackIndex], tmp_path: Path) -> Desk:
    poetry, index = poetry_and_index
    root = tmp_path / "project"
    root.mkdir()
    subprocess.run(["git", "init", "-q", root], check=True)
    return Desk(Reader(poetry, root, {CPU_INDEX: f"{index.url}cpu/simple/"}))


def no_preparation(_: Desk) -> None:
    """The page starts with a new project."""


def with_old_urllib3(desk: Desk) -> None:
    """Locks of a time before the fix, and their exports."""
    text = (desk.root / "pyproject.toml").read_text(encoding="utf-8")
    (desk.root / "pyproject.toml").write_text(
        f'{text}\n[tool.fti]\nconstraints = ["urllib3<2.7"]\n', encoding="utf-8"
    )
    desk.poetry("fti", "lock")
    (desk.root / "pyproject.toml").write_text(text, encoding="utf-8")
    desk.poetry("fti", "export")


def with_an_update(desk: Desk) -> None:
    """Two commits: locks with an older duckdb, and its update."""
    desk.edit('"duckdb"', '"duckdb<2"')
    desk.poetry("fti", "lock")
    desk.edit('"duckdb<2"', '"duckdb"')
    desk.poetry("fti", "lock")
    desk.poetry("fti", "export")
    desk.commit("Lock the stages")
    desk.poetry("fti", "update", "duckdb")
    desk.poetry("fti", "export")
    desk.commit("Update duckdb")


@pytest.mark.parametrize(
    ("page", "prepare"),
    [
        ("README", no_preparation),
        ("docs/how-to/from-uv", no_preparation),
        ("docs/how-to/from-poetry", no_preparation),
        ("docs/how-to/import", no_preparation),
        ("docs/how-to/platforms", no_preparation),
        ("docs/how-to/security-fixes", with_old_urllib3),
        ("docs/how-to/rollback", with_an_update),
        ("docs/how-to/sbom", no_preparation),
        ("docs/how-to/pin-the-plugin", no_preparation),
        ("docs/how-to/conda", no_preparation),
        ("docs/how-to/mlflow", no_preparation),
        ("docs/how-to/azureml", no_preparation),
    ],
)
def test_a_page_does_what_it_says(desk: Desk, page: str, prepare: Callable[[Desk], None]) -> None:
    desk.reader.follow(f"{page}.md", lambda: prepare(desk))


def test_the_configurations_of_ides_name_the_environment_of_the_stage(desk: Desk) -> None:
    desk.reader.follow("docs/how-to/ide.md")
    python = ".venv-training/bin/python"
    assert (desk.root / python).exists()
    container, settings = (
        json.loads((desk.root / name).read_text(encoding="utf-8").partition("\n")[2])
        for name in (".devcontainer/training-dev/devcontainer.json", ".vscode/settings.json")
    )
    assert settings["python.defaultInterpreterPath"] == f"${{workspaceFolder}}/{python}"
    (command,) = POETRY.findall(container["updateContentCommand"])
    desk.poetry(*command.split())


def test_the_stages_of_the_page_on_presets_are_created(desk: Desk) -> None:
    for block in blocks("docs/how-to/presets.md"):
        if block.path:
            desk.reader.write(block)
            written = (desk.root / block.path).read_text(encoding="utf-8")
            assert desk.poetry("fti", "presets", block.path) == written
        for command in block.commands if block.language == "console" else ():
            words = shlex.split(command.text)[1:]
            if "init" in words:
                desk.poetry(*words, "--no-interaction")
            elif ">" in words:
                *words, _, name = words
                (desk.root / name).write_text(desk.poetry(*words), encoding="utf-8")
            elif words != ["fti", "lock"]:  # CUDA's index is none of the fixtures
                desk.reader.run(command)
    listed = json.loads(desk.poetry("fti", "list", "--format", "json"))
    assert [each["stage"] for each in listed["stages"]] == [
        "feature",
        "finetuning",
        "pretraining",
        "ranking",
        "training",
        "inference",
    ]


def test_the_jobs_of_ci_pass(poetry: Poetry, locked_tiny: Path) -> None:
    desk = Desk(Reader(poetry, locked_tiny, {}))
    desk.poetry("fti", "export")
    desk.reader.follow("docs/how-to/ci.md")
    github = (locked_tiny / ".github/workflows/stages.yml").read_text(encoding="utf-8")
    gitlab = (locked_tiny / ".gitlab-ci.yml").read_text(encoding="utf-8")
    steps = [step.get("run") for step in yaml.safe_load(github)["jobs"]["check"]["steps"]]
    script = yaml.safe_load(gitlab)["check"]["script"]
    assert script == [step for step in steps if step and step.startswith("poetry ")]
    for command in script:
        desk.poetry(*command.split()[1:])


def test_the_hooks_of_pre_commit_pass_after_the_page(poetry: Poetry, locked_tiny: Path) -> None:
    (locked_tiny / "fti/training/poetry.lock").unlink()
    subprocess.run(["git", "init", "-q", locked_tiny], check=True)
    desk = Desk(Reader(poetry, locked_tiny, {}))
    desk.reader.follow("docs/how-to/pre-commit.md")
    text = (locked_tiny / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    (local,) = yaml.safe_load(text)["repos"]
    assert len(local["hooks"]) == 3
    for hook in local["hooks"]:
        desk.poetry(*hook["entry"].split()[1:])
