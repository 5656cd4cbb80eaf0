"""The content of a stage's lock."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from poetry_fti.model.locked_version import LockedVersion
from poetry_fti.model.origins import IndexOrigin
from poetry_fti.model.stage import Pipeline

if TYPE_CHECKING:
    from packaging.markers import Marker
    from packaging.specifiers import SpecifierSet
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.model.licenses import License
    from poetry_fti.model.origins import Origin
    from poetry_fti.model.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedFile:
    """A distribution file of a package: `digest` is `algorithm:hex`, `size` is in bytes.

    A lock records name and digest only. URL, size and upload time (ISO 8601) come from the index
    and are None until they have been looked up there.
    """

    name: str
    digest: str
    url: str | None = None
    size: int | None = None
    upload_time: str | None = None

    @property
    def is_wheel(self) -> bool:
        """Whether the file is a wheel, and not a source distribution."""
        return self.name.endswith(".whl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A version constraint on a package: a union of ranges.

    `direct` marks a reference to a URL, a path or a repository, which no version satisfies.
    `source` is the name of the only package source that is used, empty if pyproject.toml names
    none. `prereleases` is true if pyproject.toml allows pre-releases.
    """

    name: NormalizedName
    ranges: tuple[SpecifierSet, ...]
    direct: bool = False
    source: str = ""
    prereleases: bool = False

    def allows(self, version: Version) -> bool:
        """Return whether a version, which may be a pre-release, is in one of the ranges."""
        return not self.direct and any(
            specifiers.contains(version, prereleases=True) for specifiers in self.ranges
        )

    def __str__(self) -> str:
        if self.direct:
            return f"{self.name} (direct reference)"
        return f"{self.name} {' || '.join(str(specifiers) for specifiers in self.ranges)}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPackage:
    """A version of a package in a lock, reduced to what the stage's targets can install.

    `marker` is None for a package that every target installs; `requires_python` is None for one
    that supports every Python. `requires` are the package's own requirements. `digests` are those
    of all its files in the lock, also of those that the stage's targets cannot install. `licenses`
    come from the index, and are empty until they have been looked up there.
    """

    name: NormalizedName
    version: Version
    origin: Origin = IndexOrigin()
    marker: Marker | None = None
    requires_python: str | None = None
    files: tuple[LockedFile, ...] = ()
    requires: tuple[Requirement, ...] = ()
    digests: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    licenses: tuple[License, ...] = ()

    @property
    def locked_version(self) -> LockedVersion:
        """The version with what identifies its content."""
        return LockedVersion(self.version, self.origin, self.digests)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """The project's own importable code; paths are relative to the project's root.

    Attributes:
        packages: folders and modules of the code; empty for a project that declares none.
        whole_tree: whether the whole tree of a project without packages is its code: not if its
            code is in path dependencies.
        roots: the folders to put on `PYTHONPATH`.
        sources: further files that a wheel is built from; empty for a project that is not packaged.
    """

    packages: tuple[PurePosixPath, ...] = ()
    roots: tuple[PurePosixPath, ...] = ()
    sources: tuple[PurePosixPath, ...] = ()
    whole_tree: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Packages that are installed into an image layer of their own.

    `name` is the name of the Docker build stage; `size` is the total size of the packages'
    downloads, in bytes.
    """

    name: str
    packages: tuple[LockedPackage, ...]
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedStage:
    """A stage and the content of its lock: the input of exporters and checks.

    Attributes:
        folder: the stage's folder, relative to the project's root.
        digest: the digest of the lock, `algorithm:hex`.
        requirements: the stage's own requirements, without transitive ones.
        indexes: the indexes that packages come from, highest priority first.
        build_constraints: pairs of a package and the requirements that constrain its builds.
        pyproject: the text of the stage's derived pyproject.toml.
        layers: the image layers that contain a subset of the packages, lowest first.
        template: the text of the Dockerfile's template; None without one.
        project: the project's name; empty for a project without a name.
        in_context: the path of the project's root in the build context of the stage's image.
        is_reduced: whether only the packages that the image installs are left of the lock's.
        via: whether comments in requirements.txt name what requires each package.
        has_sbom: whether the stage's image contains its software bill of materials.
        pipeline: the order in which the project's stages run.
    """

    stage: Stage
    folder: PurePosixPath
    requires_python: str
    digest: str
    packages: tuple[LockedPackage, ...]
    requirements: tuple[Requirement, ...] = ()
    indexes: tuple[IndexOrigin, ...] = ()
    code: Code = Code()
    build_constraints: tuple[tuple[NormalizedName, tuple[str, ...]], ...] = ()
    pyproject: str = ""
    layers: tuple[Layer, ...] = ()
    template: str | None = None
    project: str = ""
    in_context: PurePosixPath = PurePosixPath()
    is_reduced: bool = False
    via: bool = False
    has_sbom: bool = False
    pipeline: Pipeline = Pipeline()
