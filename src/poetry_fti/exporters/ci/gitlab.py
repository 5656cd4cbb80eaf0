"""gitlab-ci.yml: jobs of GitLab CI that check the stages, and test and build the affected ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from poetry_fti.exporters import ProjectExporter
from poetry_fti.exporters.ci.commands import install_poetry, known_commit
from poetry_fti.exporters.ci.comment import DIFF_COMMANDS, comment_script
from poetry_fti.exporters.shared.header import project_header
from poetry_fti.exporters.shared.images import with_images
from poetry_fti.exporters.shared.yaml_text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poetry_fti.model.lock import LockedStage

FILENAME: Final = "gitlab-ci.yml"

_AFFECTED: Final = "fti-affected.yml"
_FINDINGS: Final = "fti-check.xml"
_DIFFERENCES: Final = "fti-diff.md"
_DOCKER: Final = "docker:28"
# The variable with the token of a project that may write comments.
_TOKEN: Final = "FTI_GITLAB_TOKEN"  # noqa: S105 - a name
_NOTES: Final = "$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes"

_RULES: Final = [
    {"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'},
    {"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"},
]


def files(stages: Sequence[LockedStage]) -> Mapping[str, str]:
    """Return gitlab-ci.yml; an empty mapping if there are no stages."""
    if not stages:
        return {}
    prepare = _prepare(install_poetry(stages))
    jobs = {
        "fti-check": _check(prepare),
        "fti-comment": _comment(prepare),
        "fti-affected": _affected(prepare),
        "fti-stages": _stages(),
        **({"fti-build": _build(prepare)} if with_images(stages) else {}),
    }
    header = project_header(stages[0].folder.parent, "poetry fti export --format gitlab")
    return {FILENAME: f"{header}\n{yaml_text(jobs)}"}


def _prepare(install: str) -> list[str]:
    """Return the commands that install the plugin, and set SINCE to the commit to compare with."""
    return [
        'export PATH="$HOME/.local/bin:$PATH"',
        install,
        'export BEFORE="${CI_MERGE_REQUEST_DIFF_BASE_SHA:-$CI_COMMIT_BEFORE_SHA}"',
        f'export SINCE="{known_commit("BEFORE")}"',
    ]


def _check(prepare: Sequence[str]) -> dict[str, Any]:
    return {
        "rules": _RULES,
        **_setup(prepare),
        "script": [
            "poetry fti lock --check",
            "poetry fti export --check",
            f'poetry fti diff --since "$SINCE" --format markdown > {_DIFFERENCES}',
            f"poetry fti diff --format markdown >> {_DIFFERENCES}",
            f"poetry fti check --format junit > {_FINDINGS}",
        ],
        "artifacts": {
            "when": "always",
            "expose_as": "Differences between stages",
            "paths": [_DIFFERENCES],
            "reports": {"junit": _FINDINGS},
        },
    }


def _comment(prepare: Sequence[str]) -> dict[str, Any]:
    """Return the job that comments on merge requests, for which a job has no token by default."""
    script = comment_script(
        header=f"PRIVATE-TOKEN: ${_TOKEN}",
        comments=_NOTES,
        comment=_NOTES,
        update="PUT",
        details="$CI_PIPELINE_URL",
    )
    setup = _setup(prepare)
    return {
        "rules": [{"if": f'$CI_PIPELINE_SOURCE == "merge_request_event" && ${_TOKEN}'}],
        **setup,
        "before_script": ["apt-get update", "apt-get install --yes jq", *setup["before_script"]],
        "script": [*DIFF_COMMANDS, script],
    }


def _affected(prepare: Sequence[str]) -> dict[str, Any]:
    return {
        "rules": _RULES,
        **_setup(prepare),
        "script": [
            'poetry fti affected --since "$SINCE"',
            f'poetry fti affected --since "$SINCE" --format gitlab > {_AFFECTED}',
        ],
        "artifacts": {"paths": [_AFFECTED]},
    }


def _stages() -> dict[str, Any]:
    """Return the child pipeline, with a job for each affected stage."""
    included = {"artifact": _AFFECTED, "job": "fti-affected"}
    return {
        "rules": _RULES,
        "needs": ["fti-check", "fti-affected"],
        "trigger": {"include": [included], "strategy": "depend"},
    }


def _build(prepare: Sequence[str]) -> dict[str, Any]:
    return {
        "rules": _RULES,
        "needs": ["fti-check"],
        "image": _DOCKER,
        "services": [f"{_DOCKER}-dind"],
        "variables": {"GIT_DEPTH": 0, "DOCKER_TLS_CERTDIR": "/certs"},
        "before_script": ["apk add --no-cache git pipx", *prepare],
        "script": ['poetry fti build --since "$SINCE"'],
    }


def _setup(prepare: Sequence[str]) -> dict[str, Any]:
    return {
        "image": "python:3.12",
        "variables": {"GIT_DEPTH": 0},
        "before_script": ["pip install pipx", *prepare],
    }


EXPORTER: Final = ProjectExporter(FILENAME, files)
