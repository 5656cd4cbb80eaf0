"""What is installed in an environment or an image, as its metadata records it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName
    from packaging.version import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledFrom:
    """What a package that does not come from an index was installed from (direct_url.json).

    `commit` is that of a git repository, `digests` (`algorithm:hex`) are those of an archive. Both
    are empty for a folder. `url` is a direct reference (PEP 508) without credentials, and may be
    empty.
    """

    commit: str = ""
    digests: frozenset[str] = frozenset()
    is_folder: bool = False
    url: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledPackage:
    """A package in a folder of an environment.

    `metadata` is the name of the folder or file with the package's metadata. `source` is None for a
    package from an index. `requires` are the packages that it requires without extras, and
    `is_requested` is set if the installer has recorded that the user named the package.
    """

    name: NormalizedName
    version: Version
    metadata: str
    source: InstalledFrom | None = None
    requires: frozenset[NormalizedName] = field(default=frozenset(), compare=False)
    is_requested: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A package whose metadata cannot be read, or whose files are not those that were installed.

    `package` is the name of the metadata, or that of the package if it can be read. `problem`
    completes a sentence that begins with it.
    """

    package: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """The packages of an environment.

    Attributes:
        packages: the packages in the environment's own folders.
        base: packages of the Python that the environment is based on, if it can import them.
        damage: packages with damaged metadata or files.
        markers: values of environment markers; where a value is not known, there are several
            mappings with possible values.
    """

    packages: tuple[InstalledPackage, ...]
    markers: tuple[Mapping[str, str], ...]
    base: tuple[InstalledPackage, ...] = ()
    damage: tuple[Damage, ...] = ()
