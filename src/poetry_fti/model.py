"""The data that passes between the rooms: stages, and what their locks hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from packaging.markers import Marker
    from packaging.specifiers import SpecifierSet
    from packaging.utils import NormalizedName
    from packaging.version import Version

Kind: TypeAlias = Literal["feature", "training", "inference"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
OperatingSystem: TypeAlias = Literal["linux", "macos", "windows"]
Architecture: TypeAlias = Literal["amd64", "arm64"]
Installer: TypeAlias = Literal["uv", "pip"]
INSTALLERS: Final[tuple[Installer, ...]] = get_args(Installer)
CodeForm: TypeAlias = Literal["copy", "wheel"]
CODE_FORMS: Final[tuple[CodeForm, ...]] = get_args(CodeForm)
Format: TypeAlias = Literal[
    "bake", "compose", "constraints", "dockerfile", "pylock", "pyproject", "requirements"
]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
Level: TypeAlias = Literal["exact", "minor", "major"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a pyproject.toml: the path of the key, and what is wrong."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class Platform:
    """An operating system and a processor architecture, in Docker's words (`linux/amd64`)."""

    os: OperatingSystem
    arch: Architecture

    def __str__(self) -> str:
        return f"{self.os}/{self.arch}"


PLATFORMS: Final = tuple(
    Platform(os, arch) for os in get_args(OperatingSystem) for arch in get_args(Architecture)
)
# Where most stages run in the end.
USUAL_PLATFORMS: Final = (Platform("linux", "amd64"), Platform("linux", "arm64"))


@dataclass(frozen=True, slots=True)
class Libc:
    """The C library of a stage's Linux platforms: its family, and the version it has there."""

    family: Literal["glibc", "musl"] = "glibc"
    version: tuple[int, int] = (2, 36)

    def __str__(self) -> str:
        return f"{self.family}-{self.version[0]}.{self.version[1]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Where a stage has to run; no platform stands for every platform."""

    platforms: tuple[Platform, ...] = ()
    libc: Libc = Libc()
    macos: tuple[int, int] = (11, 0)


@dataclass(frozen=True, slots=True)
class HttpProbe:
    """A path that a program answers to, at a port of its own machine."""

    path: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthcheck:
    """How to tell that a program is well: a command that succeeds, or an answer by HTTP.

    Durations are as Docker writes them; None stands for the engine's own default.
    """

    probe: tuple[str, ...] | HttpProbe
    interval: str | None = None
    timeout: str | None = None
    start_period: str | None = None
    retries: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What `[tool.fti.stages.<stage>.image]` says of a stage's container image.

    `name` is a repository, None for one of the project's name and the stage's;
    `template` and `dockerfile` are files of the project: what the whole Dockerfile is made of, and
    what is built to be the base, in place of the reference `base`.
    `user` is a name or, in digits, a uid; `expose` holds ports, with `/udp` where it is not TCP;
    `copy` pairs paths in the project with paths in the image, which may be relative to `workdir`;
    `code` is how the project's own code gets in; `python` is an interpreter of the base that all is
    installed into, None stands for a virtual environment.
    """

    name: str | None = None
    template: PurePosixPath | None = None
    base: str | None = None
    dockerfile: PurePosixPath | None = None
    python: str | None = None
    installer: Installer = "uv"
    code: CodeForm = "copy"
    run_before: tuple[str, ...] = ()
    apt: tuple[str, ...] = ()
    build_apt: tuple[str, ...] = ()
    copy: tuple[tuple[PurePosixPath, PurePosixPath], ...] = ()
    run_after: tuple[str, ...] = ()
    user: str = "10001"
    workdir: PurePosixPath = PurePosixPath("/app")
    env: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    expose: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    healthcheck: Healthcheck | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One pipeline stage: its dependency groups, its Python and where it runs.

    `groups` are those that the stage names, `closure` adds all that they include; `dev_groups`
    are all that only serve its development: locked and installed, but never exported. `python` is
    the stage's own specifier, None where the project's `requires-python` holds; `overrides` are
    constraints on packages, sorted by name, that replace those of the packages that require them.
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

    @property
    def locked_groups(self) -> tuple[NormalizedName, ...]:
        """All groups of which the lock holds packages, sorted."""
        return tuple(sorted({*self.closure, *self.dev_groups}))


@dataclass(frozen=True, slots=True)
class Rule:
    """The condition that stages agree on packages; `level` is the part of versions that it binds.

    `packages` are normalized names, in which `*` and `?` are wildcards.
    """

    stages: tuple[str, ...]
    packages: tuple[str, ...]
    level: Level = "exact"

    def binds(self, name: NormalizedName) -> bool:
        """Tell whether the rule is about a package."""
        return any(fnmatchcase(name, pattern) for pattern in self.packages)

    def part(self, version: Version) -> str:
        """Return the part of a version that the rule binds, without a label of a local build."""
        if self.level == "exact":
            return version.public
        length = 1 if self.level == "major" else 2
        numbers = ".".join(map(str, (*version.release, 0)[:length]))
        return f"{version.epoch}!{numbers}" if version.epoch else numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedFile:
    """A distribution file; `digest` is `algorithm:hex`, `size` is in bytes.

    A lock knows name and digest; URL, size and upload time (ISO 8601) come from the index.
    """

    name: str
    digest: str
    url: str | None = None
    size: int | None = None
    upload_time: str | None = None

    @property
    def is_wheel(self) -> bool:
        """Whether it is a wheel; else it is a source distribution."""
        return self.name.endswith(".whl")


@dataclass(frozen=True, slots=True)
class IndexOrigin:
    """A package from an index; no name stands for Poetry's default index."""

    name: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class DirectoryOrigin:
    """A package from a source tree; `path` is relative to the project's root."""

    path: PurePosixPath
    editable: bool = False


@dataclass(frozen=True, slots=True)
class FileOrigin:
    """A package from an archive on disk; `path` is relative to the project's root."""

    path: PurePosixPath
    subdirectory: str | None = None


@dataclass(frozen=True, slots=True)
class UrlOrigin:
    """A package from an archive at a URL."""

    url: str
    subdirectory: str | None = None


@dataclass(frozen=True, slots=True)
class GitOrigin:
    """A package from a commit of a git repository; `requested` is a branch, tag or revision."""

    url: str
    commit: str
    requested: str | None = None
    subdirectory: str | None = None


Origin: TypeAlias = IndexOrigin | DirectoryOrigin | FileOrigin | UrlOrigin | GitOrigin


@dataclass(frozen=True, slots=True)
class Login:
    """A user name and a password for a host; the password is in no representation."""

    host: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What one package asks of another: a version is allowed if any of the ranges holds it."""

    name: NormalizedName
    ranges: tuple[SpecifierSet, ...]
    direct: bool = False

    def allows(self, version: Version) -> bool:
        """Tell whether a version satisfies it; a direct reference is satisfied by none else."""
        return not self.direct and any(
            specifiers.contains(version, prereleases=True) for specifiers in self.ranges
        )

    def __str__(self) -> str:
        if self.direct:
            return f"{self.name} (direct reference)"
        return f"{self.name} {' || '.join(str(specifiers) for specifiers in self.ranges)}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPackage:
    """One version of one package in a lock, as the stage's targets see it.

    `marker` is None where the package is always installed, `requires_python` is None where
    every Python will do.
    """

    name: NormalizedName
    version: Version
    origin: Origin = IndexOrigin()
    marker: Marker | None = None
    requires_python: str | None = None
    files: tuple[LockedFile, ...] = ()
    requires: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """The project's own importable code: packages (relative to the root), and their parents.

    No package means that the project declares none, and the whole tree is its code. `sources` are
    what a wheel is built from besides; none means that the project is not to be packaged.
    """

    packages: tuple[PurePosixPath, ...] = ()
    roots: tuple[PurePosixPath, ...] = ()
    sources: tuple[PurePosixPath, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Packages that images hold in a layer of their own, below what changes more often.

    `stages` are all whose images hold it, `size` is what its files take to download, in bytes.
    """

    stages: tuple[str, ...]
    packages: tuple[LockedPackage, ...]
    size: int

    @property
    def saving(self) -> int:
        """What need not be stored twice, in bytes."""
        return (len(self.stages) - 1) * self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedStage:
    """A stage and what its lock holds: all that exporters and checks need to know.

    `folder` is the stage's folder relative to the project's root, `requirements` are the
    stage's own (not transitive), `indexes` are those that packages come from, highest priority
    first, `pyproject` is the derived project, `digest` is the lock's, `template` is the text of the
    image's template. `layers` are those of its image that hold a part of the packages, the lowest
    first. `project` is the project's name, empty where it has none.
    """

    stage: Stage
    folder: PurePosixPath
    requires_python: str
    digest: str
    packages: tuple[LockedPackage, ...]
    requirements: tuple[Requirement, ...] = ()
    indexes: tuple[IndexOrigin, ...] = ()
    code: Code = Code()
    pyproject: str = ""
    layers: tuple[Layer, ...] = ()
    template: str | None = None
    project: str = ""
