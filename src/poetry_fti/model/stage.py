"""A pipeline stage and the pipeline as pyproject.toml configures them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from poetry_fti.model.images.image import Image
from poetry_fti.model.platforms import Targets

if TYPE_CHECKING:
    from pathlib import PurePosixPath

    from packaging.utils import NormalizedName

    from poetry_fti.model.check import Severity
    from poetry_fti.model.constraint import Constraint

Kind: TypeAlias = Literal["feature", "training", "inference"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
Runner: TypeAlias = Literal["docker", "kubernetes", "external-python"]
RUNNERS: Final[tuple[Runner, ...]] = get_args(Runner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What a stage needs to run; None leaves a resource to the platform.

    Attributes:
        cpu: the share of processors, in thousandths of a core.
        memory: in bytes.
        gpu: the number of GPUs.
    """

    cpu: int | None = None
    memory: int | None = None
    gpu: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hopsworks:
    """The table `hopsworks` of a stage: how it runs there.

    Attributes:
        base: the environment of Hopsworks that the stage's one is made from; None for the usual one
            of its kind and packages.
        script: the Python file of the project that a job runs, or that is the predictor of a
            deployment; None for a stage without either.
    """

    base: str | None = None
    script: PurePosixPath | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """The table `[tool.fti.pipeline]`: how an orchestrator runs the stages one after the other.

    Attributes:
        order: the names of the stages in their order; None for the order of their kinds, in which
            the stages of a kind run at the same time, and services are left out.
        schedule: a cron expression with five fields, in UTC; None for runs on demand.
        runner: what Airflow, Dagster and Prefect run a stage with.
    """

    order: tuple[str, ...] | None = None
    schedule: str | None = None
    runner: Runner = "docker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A pipeline stage: its dependency groups, its Python, its platforms and its image.

    Attributes:
        groups: the groups that the stage names.
        closure: `groups` and every group that they include, directly or not.
        dev_groups: groups that are locked and installed for development but never exported.
        dev_closure: `dev_groups` and every group that they include.
        python: the stage's own version specifier; None means the project's `requires-python`.
        extras: extras of the project itself.
        env: environment variables, as pairs of name and value.
        overrides: constraints that replace what packages require, as pairs of package name and
            constraint, sorted by name; the project's, unless the stage has its own.
        exclude: packages that are left out of the stage although others require them.
        constraints: bounds on the versions of packages, the project's before the stage's own.
        forbid: packages that the stage must not contain, normalized names that may contain the
            wildcards `*` and `?`.
        max_download_size: the most that the packages for one platform may have to download, in
            bytes; None without a limit.
        severities: pairs of a check and the severity of its findings in the stage.
        no_build: whether locking must not run the build of any package.
        share: whether the image has layers that images of other stages can share.
        paths: the files and folders of the stage's own code, relative to the project's root; None
            for what its image contains of the project.
        resources: what the platform that runs the stage has to provide.
        schedule: when the stage runs on its own: a cron expression with five fields, in UTC; None
            for runs on demand.
        hopsworks: how the stage runs on Hopsworks.
    """

    name: str
    kind: Kind
    groups: tuple[NormalizedName, ...]
    closure: tuple[NormalizedName, ...]
    dev_groups: tuple[NormalizedName, ...] = ()
    dev_closure: tuple[NormalizedName, ...] = ()
    python: str | None = None
    extras: tuple[NormalizedName, ...] = ()
    targets: Targets = Targets()
    env: tuple[tuple[str, str], ...] = ()
    image: Image = Image()
    overrides: tuple[tuple[NormalizedName, str], ...] = ()
    exclude: tuple[NormalizedName, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    forbid: tuple[str, ...] = ()
    max_download_size: int | None = None
    severities: tuple[tuple[str, Severity], ...] = ()
    no_build: bool = False
    share: bool = True
    paths: tuple[PurePosixPath, ...] | None = None
    resources: Resources = Resources()
    schedule: str | None = None
    hopsworks: Hopsworks = Hopsworks()

    @property
    def locked_groups(self) -> tuple[NormalizedName, ...]:
        """The groups whose packages are in the stage's lock, sorted."""
        return tuple(sorted({*self.closure, *self.dev_groups}))

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of its image, sorted by name; `image.env` overrides `env`."""
        return dict(sorted({**dict(self.env), **dict(self.image.env)}.items()))

    @property
    def is_service(self) -> bool:
        """Whether the stage runs until it is stopped: inference whose image exposes a port."""
        return self.kind == "inference" and bool(self.image.expose)

    def image_key(self, key: str) -> str:
        """Return the dotted path of a key of the image, in the table that sets it."""
        if key in self.image.inherited:
            return f"tool.fti.image.{key}"
        return f"tool.fti.stages.{self.name}.image.{key}"
