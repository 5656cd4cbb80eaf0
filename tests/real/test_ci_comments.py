"""The comments that the exported CI configurations write, with the real curl and jq."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from comment_server import TOKEN, CommentServer
from git_program import commit_all, git
from poetry_fti.exporters.ci.commands import install_poetry
from rest_server import serving
from shells import poetry_on_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from harness import Poetry

pytestmark = [
    pytest.mark.newest_only,
    pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs them"),
]

MARKER: Final = "<!-- poetry-fti diff -->\n"


@dataclass(frozen=True)
class Request:
    """A clone in which a branch is proposed for merging since the commit `base`."""

    root: Path
    environment: dict[str, str]
    base: str

    def shell(self, commands: Sequence[str], variables: dict[str, str]) -> int:
        """Run commands in one shell, which ends at the first that fails; return the exit code."""
        return subprocess.run(
            ["bash", "-e", "-c", "\n".join(commands)],
            cwd=self.root,
            env={**self.environment, **variables},
            check=False,
        ).returncode

    def exported(self, name: str) -> Any:  # noqa: ANN401 - a document of YAML
        """Return an exported configuration."""
        return yaml.safe_load((self.root / "fti" / name).read_text(encoding="utf-8"))


@pytest.fixture
def request_in(poetry: Poetry, locked_tiny: Path, tmp_path: Path) -> Iterator[Request]:
    poetry.ok(locked_tiny, "fti", "export", "--format", "github")
    poetry.ok(locked_tiny, "fti", "export", "--format", "gitlab")
    git(locked_tiny, "init", "--quiet")
    base = commit_all(locked_tiny)
    with poetry_on_path(poetry, tmp_path / "bin") as environment:
        yield Request(locked_tiny, environment, base)


@pytest.fixture
def comments() -> Iterator[CommentServer]:
    with serving(CommentServer()) as server:
        yield server


def on_github(request: Request, server: CommentServer, token: str) -> int:
    """Run the steps of the job as GitHub does; return the exit code of the first failure."""
    variables = {
        "GITHUB_API_URL": server.url,
        "GITHUB_REPOSITORY": "acme/churn",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_RUN_ID": "7",
    }
    values = {
        "${{ github.token }}": token,
        "${{ github.event.number }}": "12",
        "${{ github.event.pull_request.base.sha }}": request.base,
    }
    job = request.exported("github-workflow.yml")["jobs"]["comment"]
    for step in job["steps"]:
        if step.get("run") in (None, install_poetry()):
            continue
        env = {name: values[value] for name, value in step.get("env", {}).items()}
        if "GITHUB_ENV" in step["run"]:
            variables["SINCE"] = request.base
        elif code := request.shell([step["run"]], {**variables, **env}):
            return code
    return 0


def on_gitlab(request: Request, server: CommentServer, token: str) -> int:
    """Run the job as GitLab does; return its exit code."""
    variables = {
        "CI_API_V4_URL": f"{server.url}/api/v4",
        "CI_PROJECT_ID": "5",
        "CI_MERGE_REQUEST_IID": "12",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": request.base,
        "CI_PIPELINE_URL": "https://gitlab.com/acme/churn/-/pipelines/7",
        "FTI_GITLAB_TOKEN": token,
    }
    job = request.exported("gitlab-ci.yml")["fti-comment"]
    prepared = [each for each in job["before_script"] if each.startswith("export ")]
    return request.shell([*prepared[1:], *job["script"]], variables)


CREATED: Final = {
    on_github: "POST /repos/acme/churn/issues/12/comments",
    on_gitlab: "POST /api/v4/projects/5/merge_requests/12/notes",
}
REPLACED: Final = {
    on_github: "PATCH /repos/acme/churn/issues/comments/151",
    on_gitlab: "PUT /api/v4/projects/5/merge_requests/12/notes/151",
}
SYSTEMS: Final = pytest.mark.parametrize("run", CREATED, ids=["github", "gitlab"])


def change_a_version(root: Path) -> None:
    """Change the version of a package in a lock."""
    lock = root / "fti/training/poetry.lock"
    text = lock.read_text(encoding="utf-8")
    package = 'name = "alpha"\nversion = "%s"\n'
    assert package % "2.0" in text
    lock.write_text(text.replace(package % "2.0", package % "1.5"), encoding="utf-8")


@SYSTEMS
def test_one_comment_is_created_and_updated(
    request_in: Request, comments: CommentServer, run: Callable[..., int]
) -> None:
    for number in range(150):
        comments.add(f"No {MARKER} at the start of {number}.")
    assert run(request_in, comments, TOKEN) == 0
    assert comments.changes == [], "no comment if the locks are the same"
    change_a_version(request_in.root)
    commit_all(request_in.root)
    assert run(request_in, comments, TOKEN) == 0
    assert comments.changes == [CREATED[run]]
    assert comments.bodies[-1].startswith(
        f"{MARKER}### Changes of the locks since {request_in.base}"
    )
    assert "training: 0 added, 0 removed, 1 updated" in comments.bodies[-1]
    git(request_in.root, "reset", "--hard", request_in.base)
    assert run(request_in, comments, TOKEN) == 0
    assert comments.changes == [CREATED[run], REPLACED[run]]
    assert "training: unchanged" in comments.bodies[-1]
    assert len(comments.comments) == 151


@SYSTEMS
def test_a_refused_token_fails(
    request_in: Request, comments: CommentServer, run: Callable[..., int]
) -> None:
    change_a_version(request_in.root)
    assert run(request_in, comments, "another") != 0
    assert comments.comments == []


def test_a_long_comment_is_a_link(request_in: Request, comments: CommentServer) -> None:
    steps = request_in.exported("github-workflow.yml")["jobs"]["comment"]["steps"]
    (request_in.root / "fti-diff.md").write_text("x" * 65_001, encoding="utf-8")
    (request_in.root / "fti-diff.json").write_text('{"stages": [{"state": "new"}]}')
    variables = {
        "GITHUB_API_URL": comments.url,
        "GITHUB_REPOSITORY": "acme/churn",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_RUN_ID": "7",
        "TOKEN": TOKEN,
        "NUMBER": "12",
    }
    assert request_in.shell([steps[-1]["run"]], variables) == 0
    link = "https://github.com/acme/churn/actions/runs/7"
    text = f"{MARKER}The locks have [too many changes]({link}) for a comment.\n"
    assert comments.bodies == [text]
