"""What is published to Hopsworks for a stage, from its lock and its files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters.python.requirements import REQUIREMENTS
from poetry_fti.exporters.python.requirements import files as requirements_files
from poetry_fti.exporters.shared.build_constraints import build_constraint_files
from poetry_fti.exporters.shared.images import normalized
from poetry_fti.exporters.shared.pip_lines import hashed_or_none
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin
from poetry_fti.model.platforms import Platform
from poetry_fti.reading import LARGEST_TEMPLATE, read_bytes, require_inside
from poetry_fti.wording import digest_name, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.model.stage import Kind, Stage

_PLATFORM: Final = Platform("linux", "amd64")
# The environments that Hopsworks has: for a kind, the one of the first of these packages.
_BASES: Final[Mapping[Kind, Mapping[str, str]]] = {
    "feature": {"pyspark": "spark-feature-pipeline", "": "python-feature-pipeline"},
    "training": {
        "torch": "torch-training-pipeline",
        "tensorflow": "tensorflow-training-pipeline",
        "": "pandas-training-pipeline",
    },
    "inference": {
        "vllm": "vllm-inference-pipeline",
        "torch": "torch-inference-pipeline",
        "tensorflow": "tensorflow-inference-pipeline",
        "": "pandas-inference-pipeline",
    },
}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to upload; its name contains a digest, so that no other content has the name."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePlan:
    """What is published for a stage.

    Attributes:
        name: the name of the job or the deployment.
        kind: an inference stage has a deployment, others have a job.
        environment: the name of the environment, which contains the beginning of the lock's digest.
        base: the Hopsworks environment that it is created from.
        versions: the locked versions by package.
        script: what the job or the deployment runs; None for a stage without either.
        path: the path of the script in the project, for reports.
    """

    name: str
    kind: Kind
    environment: str
    base: str
    requirements: Upload
    versions: Mapping[str, str]
    script: Upload | None
    path: str

    @property
    def is_spark(self) -> bool:
        """Whether the base is a Spark environment, so that the job is one as well."""
        return self.base.startswith("spark-")


def stage_plan(locked: LockedStage, root: Path) -> StagePlan:
    """Return what is published for a stage.

    Raises FtiError for a stage that pip cannot install there, and for a script that does not exist
    or is outside of the project, OSError if the script cannot be read.
    """
    stage = locked.stage
    reasons = list(_obstacles(locked))
    if reasons:
        raise FtiError(
            f'The stage "{stage.name}" cannot be installed on Hopsworks, because of'
            f" {joined(reasons)}. Name the other stages to publish."
        )
    name = normalized(f"{locked.project} {stage.name}")
    environment = f"{name}-{digest_name(locked.digest)}"
    text = requirements_files(hashed_or_none(locked))[REQUIREMENTS]
    versions: dict[str, str] = {package.name: str(package.version) for package in locked.packages}
    return StagePlan(
        name=name,
        kind=stage.kind,
        environment=environment,
        base=stage.hopsworks.base or _base(stage, versions),
        requirements=_upload(f"{name}-requirements", ".txt", text.encode()),
        versions=versions,
        script=_script(stage, root, name),
        path=str(stage.hopsworks.script or ""),
    )


def _obstacles(locked: LockedStage) -> Iterator[str]:
    """Yield why pip, in an environment of Hopsworks, cannot install what is locked."""
    stage = locked.stage
    if stage.targets.platforms and _PLATFORM not in stage.targets.platforms:
        yield "its platforms, which lack linux/amd64"
    local = {p.name for p in locked.packages if isinstance(p.origin, DirectoryOrigin | FileOrigin)}
    if local:
        yield f"paths of the project ({', '.join(sorted(local))})"
    if build_constraint_files(locked):
        yield "build constraints"
    # pip installs what packages require.
    yield from (key for key in ("overrides", "exclude") if getattr(stage, key))


def _base(stage: Stage, versions: Mapping[str, str]) -> str:
    bases = _BASES[stage.kind]
    return next(base for package, base in bases.items() if package in versions or not package)


def _script(stage: Stage, root: Path, name: str) -> Upload | None:
    path = stage.hopsworks.script
    if path is None:
        return None
    require_inside(root / path, root)
    if not (root / path).is_file():
        raise FtiError(
            f"tool.fti.stages.{stage.name}.hopsworks.script: there is no file {path.as_posix()}."
        )
    return _upload(name, path.suffix, read_bytes(root / path, LARGEST_TEMPLATE))


def _upload(name: str, suffix: str, content: bytes) -> Upload:
    digest = digest_name(hashlib.sha256(content).hexdigest())
    return Upload(f"{name}-{digest}{suffix}", content)
