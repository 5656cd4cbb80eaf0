"""The hooks that the repository offers, run by the real pre-commit."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import yaml

from shells import poetry_on_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness import Poetry

pytestmark = pytest.mark.newest_only

MANIFEST: Final = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
HOOKS: Final = ("fti-lock-check", "fti-export-check", "fti-check")
# The other checks have tests of their own.
ARGUMENTS: Final = {"fti-check": ["--only", "fresh"]}
IDENTITY: Final = {
    f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}


@dataclass(frozen=True)
class Commits:
    """A project whose commits are checked by pre-commit."""

    root: Path
    environment: dict[str, str]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run pre-commit, and return how it ended."""
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", *words],
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def results(self, *words: str) -> dict[str, str]:
        """Return the result of each hook for the files of the commit."""
        self.git("add", ".")
        lines = self.run("run", *words).stdout.splitlines()
        cut = [line.partition("...") for line in lines if "..." in line]
        return {name: rest.strip(".") for name, _, rest in cut}

    def git(self, *words: str) -> str:
        """Run git in the project."""
        return git(self.root, self.environment, *words)


def git(folder: Path, environment: dict[str, str], *words: str) -> str:
    return subprocess.check_output(("git", *words), cwd=folder, env=environment, text=True)


@pytest.fixture
def commits(poetry: Poetry, locked_tiny: Path, tmp_path: Path) -> Iterator[Commits]:
    """A project with fresh locks and exports that uses the hooks with the Poetry of the tests.

    pre-commit would install Poetry and the plugin from an index.
    """
    poetry.ok(locked_tiny, "fti", "export")
    with poetry_on_path(poetry, tmp_path / "bin") as environment:
        variables = {**environment, "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"), **IDENTITY}
        _use_hooks(locked_tiny, tmp_path / "hooks", variables)
        yield Commits(locked_tiny, variables)


def _use_hooks(project: Path, hooks: Path, environment: dict[str, str]) -> None:
    """Let the project use the hooks of a new repository, which start programs on PATH."""
    hooks.mkdir()
    text = MANIFEST.read_text(encoding="utf-8")
    assert text.count("language: python\n") == len(HOOKS)
    (hooks / MANIFEST.name).write_text(text.replace(": python\n", ": system\n"), encoding="utf-8")
    git(hooks, environment, "init", "-q")
    git(hooks, environment, "add", ".")
    git(hooks, environment, "commit", "-qm", "Hooks")
    used = {
        "repo": str(hooks),
        "rev": git(hooks, environment, "rev-parse", "HEAD").strip(),
        "hooks": [{"id": name, "args": ARGUMENTS.get(name, [])} for name in HOOKS],
    }
    configuration = yaml.safe_dump({"repos": [used]})
    (project / ".pre-commit-config.yaml").write_text(configuration, encoding="utf-8")
    git(project, environment, "init", "-q")


def test_the_hooks_pass_until_a_lock_is_stale(commits: Commits) -> None:
    assert commits.run("validate-manifest", str(MANIFEST)).returncode == 0
    assert commits.results() == {
        "poetry fti lock --check": "Passed",
        "poetry fti export --check": "Passed",
        "poetry fti check": "Passed",
    }
    commits.git("commit", "-qm", "Lock the stages")
    (commits.root / "README.md").write_text("Tiny\n", encoding="utf-8")
    assert set(commits.results().values()) == {"(no files to check)Skipped"}
    path = commits.root / "pyproject.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"native", ', ""), encoding="utf-8")
    assert set(commits.results().values()) == {"Failed"}
    report = "fti/inference/poetry.lock does not match pyproject.toml"
    assert commits.run("run").stdout.count(report) == len(HOOKS)


def test_a_changed_export_fails(commits: Commits) -> None:
    path = commits.root / "fti" / "training" / "requirements.txt"
    path.write_text("", encoding="utf-8")
    assert commits.results() == {
        "poetry fti lock --check": "Passed",
        "poetry fti export --check": "Failed",
        "poetry fti check": "Passed",
    }
