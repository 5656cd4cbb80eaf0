"""Private names of Poetry's locker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from poetry_fti.bridge.internals.private_name import PrivateName, exists

if TYPE_CHECKING:
    from poetry.core.packages.package import Package
    from poetry.packages.locker import Locker
    from poetry.packages.transitive_package_info import TransitivePackageInfo

    from poetry_fti.bridge.internals.private_name import Kind, Use

_MODULE: Final = "poetry.packages.locker"


def _locker(
    name: str, kind: Kind, use: Use, relied_on: str, parameters: tuple[str, ...] = ()
) -> PrivateName:
    return PrivateName(
        module=_MODULE,
        owner="Locker",
        name=name,
        kind=kind,
        use=use,
        relied_on=relied_on,
        parameters=parameters,
    )


VERSION: Final = _locker("_VERSION", "constant", "lock text", "The version of written locks.")
CONTENT_HASH: Final = _locker(
    "_content_hash",
    "attribute",
    "lock text",
    "The digest of the project's dependencies that is written to metadata.content-hash.",
)
LOCK_PACKAGES: Final = _locker(
    "_lock_packages",
    "method",
    "lock text",
    "Returns a table for each package, sorted, with `files` as a list of dicts."
    " _compute_lock_data() puts [extras] and [metadata] around them.",
    ("packages",),
)
GET_LOCKED_PACKAGE: Final = _locker(
    "_get_locked_package",
    "method",
    "lock",
    "Returns a package from its table; locked_repository() consists of them. Without dependencies"
    " it takes a fraction of the time.",
    ("info", "with_dependencies"),
)
NAMES: Final = (VERSION, CONTENT_HASH, LOCK_PACKAGES, GET_LOCKED_PACKAGE)


def lock_version() -> str | None:
    """Return the version of the locks that Poetry writes, None where it does not say."""
    from poetry.packages.locker import Locker  # noqa: PLC0415 - private names are read lazily

    return Locker._VERSION if exists(VERSION) else None


def content_hash(locker: Locker) -> str | None:
    """Return the digest of what the project depends on, None where Poetry does not give it."""
    return locker._content_hash if exists(CONTENT_HASH) else None


def locked_package(locker: Locker, info: dict[str, Any], *, with_dependencies: bool) -> Package:
    """Return a package from its table in a lock."""
    return locker._get_locked_package(info, with_dependencies=with_dependencies)


def has_locked_package() -> bool:
    """Return whether `locked_package` can be called."""
    return exists(GET_LOCKED_PACKAGE)


def package_tables(
    locker: Locker, packages: dict[Package, TransitivePackageInfo]
) -> list[dict[str, Any]]:
    """Return a table for each package, as it is written to a lock."""
    return locker._lock_packages(packages)
