"""Verifies models: compares what they record about their environment with a stage's lock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poetry_fti.bridge.lock.locked import lock_digest
from poetry_fti.checks import Finding
from poetry_fti.errors import ConfigError, FtiError
from poetry_fti.operations.check.stages import checked_stage
from poetry_fti.ports.lock_commits import commit_with_lock
from poetry_fti.wording import in_one_line, short_commit, short_digest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from poetry_fti.model.model_record import Stamp
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


@dataclass(frozen=True, slots=True)
class ModelReport:
    """The findings on a model, and a sentence on the lock that it was trained from.

    The sentence is empty if the model does not record a lock, or if there is a finding on it.
    """

    findings: tuple[Finding, ...]
    origin: str


def consumers(project: Project, stage: str | None) -> tuple[ProjectStage, ...]:
    """Return the stage with a name or, without a name, all stages of the kind `inference`.

    Raises ConfigError if there is no such stage.
    """
    if stage is not None:
        return project.select([stage])
    found = tuple(each for each in project.stages if each.stage.kind == "inference")
    if not found:
        raise ConfigError(
            "There is no inference stage. Name the stage that loads the model: --stage."
        )
    return found


def verify_model(project: Project, stages: Iterable[ProjectStage], path: Path) -> ModelReport:
    """Return what breaks when stages load a model, and what it was trained from.

    The model is read, never loaded. Raises FtiError if it cannot be read, or if a lock cannot.
    """
    # Imported here: the readers of all kinds of models and the facts take long to import.
    from poetry_fti.checks.skew.models import model_findings  # noqa: PLC0415
    from poetry_fti.models import read_model  # noqa: PLC0415

    record, name = read_model(path), in_one_line(str(path))
    findings: list[Finding] = []
    known = {package for stage in project.stages for package in stage.versions}
    for stage in stages:
        checked = checked_stage(project, stage)
        if not checked.is_readable:
            raise FtiError(project.problem(stage))
        findings += model_findings(name, record, checked, known)
    found = _origin(project, name, record.stamp) if record.stamp else ""
    if isinstance(found, Finding):
        return ModelReport((*findings, found), "")
    return ModelReport(tuple(findings), found)


def _origin(project: Project, name: str, stamp: Stamp) -> str | Finding:
    """Return where the lock that a model was trained from is, or a finding if it is nowhere."""
    if not stamp.lock or not stamp.stage:
        return ""
    lock = project.config.directory / stamp.stage / "poetry.lock"
    own = next((each for each in project.stages if each.name == stamp.stage), None)
    trained = f"{name} was trained from {lock}"
    if own is not None and own.lock.text and lock_digest(own.path) == stamp.lock:
        return f"{trained} as it is now."
    digest = short_digest(stamp.lock)
    commit = commit_with_lock(project.root, lock, stamp.lock)
    if commit is None:
        return f"{trained} with the digest {digest}, which is not the current one."
    if commit:
        return f"{trained} of commit {short_commit(commit)}."
    return Finding(
        check="model",
        level="warning",
        stage=own.name if own else None,
        message=f"{trained} with the digest {digest}, which no commit contains",
        fix="Commit locks before models are trained from them",
        path=f"tool.fti.stages.{own.name}" if own else "tool.fti.stages",
    )
