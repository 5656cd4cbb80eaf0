"""github-workflow.yml: a reusable workflow of GitHub Actions with checks, installs and builds."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters import ProjectExporter
from poetry_fti.exporters.ci.commands import NO_COMMIT, install_poetry, known_commit
from poetry_fti.exporters.ci.comment import DIFF_COMMANDS, comment_script
from poetry_fti.exporters.shared.header import project_header
from poetry_fti.exporters.shared.images import has_image, with_images
from poetry_fti.exporters.shared.pythons import allowed_minors
from poetry_fti.exporters.shared.yaml_text import yaml_text
from poetry_fti.targets import version_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from poetry_fti.model.lock import LockedStage

FILENAME: Final = "github-workflow.yml"
# GitHub reads workflows in this folder only; a step compares the copy.
_COPY: Final = ".github/workflows/fti.yml"

_RUNNERS: Final = {  # by platform, the preferred one first
    "linux/amd64": "ubuntu-latest",
    "linux/arm64": "ubuntu-24.04-arm",
    "macos/arm64": "macos-latest",
    "macos/amd64": "macos-15-intel",
    "windows/amd64": "windows-latest",
    "windows/arm64": "windows-11-arm",
}
_PYTHON: Final = "3.12"  # the one that Poetry runs with
_BASE: Final = "github.event.pull_request.base.sha"
_BEFORE: Final = (
    f"{_BASE} || github.event.merge_group.base_sha || github.event.before || '{NO_COMMIT}'"
)
_SUMMARY: Final = '--format markdown >> "$GITHUB_STEP_SUMMARY"'
_MATRIX: Final = "needs.check.outputs.matrix"
# The token is read-only in pull requests of forks.
_WRITABLE: Final = "github.event.pull_request.head.repo.full_name == github.repository"
_ISSUES: Final = "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues"
_ONLY_LINUX: Final = "runner.os == 'Linux'"


def files(stages: Sequence[LockedStage]) -> Mapping[str, str]:
    """Return github-workflow.yml; an empty mapping if there are no stages."""
    if not stages:
        return {}
    folder = stages[0].folder.parent
    images = with_images(stages)
    install = install_poetry(stages)
    output = {"description": "The affected stages.", "value": "${{ jobs.check.outputs.matrix }}"}
    names = list(dict.fromkeys(name for locked in stages for name in _logins(locked)))
    secrets = {"secrets": {name: {"required": False} for name in names}} if names else {}
    workflow = {
        "name": "Stages",
        "on": {"workflow_call": {"outputs": {"matrix": output}, **secrets}},
        "permissions": {"contents": "read"},
        "jobs": {
            "check": _check(str(folder / FILENAME), install),
            "comment": _comment(install),
            "install": _job(stages, names, _run('poetry fti install "$STAGE"')),
            **({"build": _job(stages, names, _build(stages))} if images else {}),
        },
    }
    header = project_header(folder, "poetry fti export --format github")
    return {FILENAME: f"{header}\n# Copy it to {_COPY}.\n{yaml_text(workflow)}"}


def _check(path: str, install: str) -> dict[str, Any]:
    matrix = 'poetry fti affected --since "$SINCE" --format github >> "$GITHUB_OUTPUT"'
    return {
        "runs-on": _RUNNERS["linux/amd64"],
        "outputs": {"matrix": "${{ steps.affected.outputs.matrix }}"},
        "steps": [
            *_setup(_PYTHON, install, {"fetch-depth": 0}),
            {"name": "Compare this workflow with the export", **_run(_compare(path))},
            _run("poetry fti lock --check"),
            _run("poetry fti export --check"),
            _since(_BEFORE),
            _run(f'poetry fti diff --since "$SINCE" {_SUMMARY}'),
            _run(f"poetry fti diff {_SUMMARY}"),
            _run('poetry fti affected --since "$SINCE"'),
            {"id": "affected", **_run(matrix)},
            _run("poetry fti check --format github"),
        ],
    }


def _comment(install: str) -> dict[str, Any]:
    """Return the job that comments on pull requests: it alone may write, and only comments."""
    script = comment_script(
        header="Authorization: Bearer $TOKEN",
        comments=f"{_ISSUES}/$NUMBER/comments",
        comment=f"{_ISSUES}/comments",
        update="PATCH",
        details="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID",
    )
    variables = {"TOKEN": "${{ github.token }}", "NUMBER": "${{ github.event.number }}"}
    return {
        "if": _WRITABLE,
        "runs-on": _RUNNERS["linux/amd64"],
        "permissions": {"contents": "read", "pull-requests": "write"},
        "steps": [
            *_setup(_PYTHON, install, {"fetch-depth": 0}),
            _since(_BASE),
            *map(_run, DIFF_COMMANDS),
            {"env": variables, **_run(script)},
        ],
    }


def _since(before: str) -> dict[str, Any]:
    """Return the step that sets SINCE to the commit that an expression stands for."""
    command = f'echo "SINCE={known_commit("BEFORE")}" >> "$GITHUB_ENV"'
    return {**_run(command), "env": {"BEFORE": f"${{{{ {before} }}}}"}}


def _job(
    stages: Sequence[LockedStage], secrets: Sequence[str], last: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a job with a matrix of the affected stages."""
    logins = {name: f"${{{{ secrets.{name} }}}}" for name in secrets}
    return {
        "needs": "check",
        "if": f"fromJSON({_MATRIX}).stage[0]",
        "runs-on": _by_stage(stages, _runner),
        "strategy": {"fail-fast": False, "matrix": f"${{{{ fromJSON({_MATRIX}) }}}}"},
        "env": {"STAGE": "${{ matrix.stage }}", **logins},
        "steps": [*_setup(_by_stage(stages, _python), install_poetry(stages), {}), last],
    }


def _setup(python: str, install: str, checkout: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"uses": "actions/checkout@v5", "with": {**checkout, "persist-credentials": False}},
        {"uses": "actions/setup-python@v6", "with": {"python-version": python}},
        _run(install),
    ]


def _build(stages: Sequence[LockedStage]) -> dict[str, Any]:
    everywhere = all(has_image(locked.stage) for locked in stages)
    return {
        **({} if everywhere else {"if": _ONLY_LINUX}),
        **_run('poetry fti build "$STAGE"'),
    }


def _run(command: str) -> dict[str, Any]:
    return {"run": command}


def _by_stage(stages: Sequence[LockedStage], value: Callable[[LockedStage], str]) -> str:
    """Return the value that all stages have, or an expression that selects the one of a stage."""
    values = {locked.stage.name: value(locked) for locked in stages}
    if len(set(values.values())) == 1:
        return next(iter(values.values()))
    return f"${{{{ fromJSON('{json.dumps(values)}')[matrix.stage] }}}}"


def _runner(locked: LockedStage) -> str:
    platforms = list(map(str, locked.stage.targets.platforms))
    for platform, runner in _RUNNERS.items():
        if not platforms or platform in platforms:
            return runner
    message = (
        f'GitHub has no runner for the stage "{locked.stage.name}", which is locked for'
        f" {', '.join(platforms)}. Leave out the format github, and write the workflow by hand."
    )
    raise FtiError(message)


def _python(locked: LockedStage) -> str:
    """Return the Python that a stage's image has by default: the oldest that the stage allows."""
    return version_text(allowed_minors(locked)[0])


def _logins(locked: LockedStage) -> Iterator[str]:
    """Yield the variables from which Poetry reads the logins of a stage's named indexes."""
    for index in locked.indexes:
        if index.name and re.fullmatch(r"[A-Za-z0-9_-]+", index.name):
            name = f"POETRY_HTTP_BASIC_{index.name.upper().replace('-', '_')}"
            yield from (f"{name}_USERNAME", f"{name}_PASSWORD")


def _compare(path: str) -> str:
    return f"diff {_COPY} {shlex.quote(path)}"


EXPORTER: Final = ProjectExporter(FILENAME, files)
