"""The commands of the exported CI configurations, run by a shell as the CI systems do."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from lxml import etree

from git_program import commit_all, git
from poetry_fti.exporters.ci.commands import install_poetry
from shells import poetry_on_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness import Poetry

pytestmark = pytest.mark.newest_only


@dataclass(frozen=True)
class Checkout:
    """A repository with fresh locks and CI configurations; `first` is its first commit.

    Its shell runs the Poetry of the tests.
    """

    root: Path
    environment: dict[str, str]
    first: str

    def shell(self, *commands: str, **variables: str) -> None:
        """Run commands in one shell, which ends at the first that fails."""
        subprocess.run(
            ["bash", "-e", "-c", "\n".join(commands)],
            cwd=self.root,
            env={**self.environment, **variables},
            check=True,
        )

    def exported(self, name: str) -> Any:  # noqa: ANN401 - a document of YAML
        """Return an exported configuration."""
        return yaml.safe_load((self.root / "fti" / name).read_text(encoding="utf-8"))


@pytest.fixture
def checkout(poetry: Poetry, locked_tiny: Path, tmp_path: Path) -> Iterator[Checkout]:
    pyproject = locked_tiny / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    text += '[tool.fti]\nexports = ["github", "gitlab"]\n'
    pyproject.write_text(text, encoding="utf-8")
    poetry.ok(locked_tiny, "fti", "export")
    workflow = locked_tiny / ".github/workflows/fti.yml"
    workflow.parent.mkdir(parents=True)
    shutil.copy(locked_tiny / "fti/github-workflow.yml", workflow)
    git(locked_tiny, "init", "--quiet")
    first = commit_all(locked_tiny)
    table = "[tool.fti.stages.training]\n"
    assert table in text
    pyproject.write_text(text.replace(table, f"{table}env = {{A = '1'}}\n"), encoding="utf-8")
    commit_all(locked_tiny)
    with poetry_on_path(poetry, tmp_path / "bin") as environment:
        yield Checkout(locked_tiny, environment, first)


def check_on_github(checkout: Checkout, folder: Path, before: str) -> tuple[list[str], str]:
    """Run the steps of the job `check`; return the stages of its matrix, and the summary."""
    folder.mkdir()
    files = {name: folder / name for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for step in checkout.exported("github-workflow.yml")["jobs"]["check"]["steps"]:
        env = files["GITHUB_ENV"]
        lines = env.read_text(encoding="utf-8").splitlines() if env.exists() else []
        variables = dict(line.split("=", 1) for line in lines)
        if "env" in step:
            variables["BEFORE"] = before
        if "run" in step and step["run"] != install_poetry():
            checkout.shell(step["run"], **variables, **{n: str(path) for n, path in files.items()})
    name, _, matrix = files["GITHUB_OUTPUT"].read_text(encoding="utf-8").partition("=")
    assert name == "matrix"
    return json.loads(matrix)["stage"], files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")


def test_the_check_on_github(checkout: Checkout, tmp_path: Path) -> None:
    stages, summary = check_on_github(checkout, tmp_path / "change", checkout.first)
    assert stages == ["training"]
    assert f"since {checkout.first}" in summary
    before_forced_push = "c0ffee" * 6 + "c0ff"
    stages, _ = check_on_github(checkout, tmp_path / "forced", before_forced_push)
    assert stages == ["feature", "training", "inference"]


def test_an_outdated_copy_of_the_workflow_fails(checkout: Checkout, tmp_path: Path) -> None:
    copy = checkout.root / ".github/workflows/fti.yml"
    copy.write_text(copy.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    with pytest.raises(subprocess.CalledProcessError) as error:
        check_on_github(checkout, tmp_path / "change", checkout.first)
    assert "diff .github/workflows/fti.yml" in error.value.cmd[-1]


def test_the_jobs_on_gitlab(checkout: Checkout) -> None:
    jobs = checkout.exported("gitlab-ci.yml")
    for name in ("fti-check", "fti-affected"):
        before = [c for c in jobs[name]["before_script"] if "pip" not in c and "PATH" not in c]
        commit = {"CI_COMMIT_BEFORE_SHA": checkout.first}
        checkout.shell(*before, *jobs[name]["script"], **commit)
    assert f"since {checkout.first}" in (checkout.root / "fti-diff.md").read_text(encoding="utf-8")
    assert etree.parse(checkout.root / "fti-check.xml").getroot().tag == "testsuites"
    child = yaml.safe_load((checkout.root / "fti-affected.yml").read_text(encoding="utf-8"))
    assert [name for name in child if name != "include"] == ["stage training"]


def test_only_affected_stages_are_installed(checkout: Checkout, poetry: Poetry) -> None:
    words = ("fti", "install", "--since", checkout.first, "--no-root")
    printed = poetry.ok(checkout.root, *words)
    stages = [f"Installing {name}" for name in ("feature", "training", "inference")]
    assert [line for line in printed.splitlines() if line in stages] == ["Installing training"]
    assert "torchish" in printed
