"""Refusing the builds that Poetry runs to find out what a source distribution or tree requires."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from poetry.inspection import info

from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from poetry.inspection.info import PackageInfo


class BuildRefusedError(FtiError):
    """A package has no static metadata, and its build must not be run."""


@contextmanager
def refused_builds(what: str | None = None) -> Iterator[None]:
    """Raise BuildRefusedError, which names `what` is read, where Poetry would run a build.

    By default the name is that of the folder. Relies on `get_pep517_metadata`, through which
    Poetry runs all builds for metadata; the builds of other threads are refused, too.
    """

    def refuse(path: Path) -> PackageInfo:
        raise BuildRefusedError(
            f"{what or path.name} has no static metadata: locking it would run its build, which"
            " `--no-build` or `no-build` in pyproject.toml forbids. Require a release with a wheel,"
            " or allow builds for this stage."
        )

    build = info.get_pep517_metadata
    info.get_pep517_metadata = refuse  # type: ignore[assignment]
    try:
        yield
    finally:
        info.get_pep517_metadata = build
