"""Metadata in the folder of a local package that an earlier build has left."""

from __future__ import annotations

import glob
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from poetry.core.constraints.version import parse_constraint
from poetry.core.pyproject.toml import PyProjectTOML

from poetry_fti.bridge.project.paths.static_metadata import read_static_metadata
from poetry_fti.bridge.project.rebase import parsed_requirement
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from packaging.utils import NormalizedName
    from poetry.core.packages.package import Package


def require_current(package: Package, folder: Path) -> None:
    """Raise FtiError if Poetry has read a package's requirements from what a build has left.

    Poetry prefers that to a build, for packages whose files do not state all metadata (a computed
    version, a setup.cfg), and does not notice that these files list other requirements now.
    """
    metadata = read_static_metadata(folder)
    if metadata is None or metadata.dynamic or _reads_files(folder):
        return
    listed = metadata.data["project"].get("dependencies", ())
    read = {
        # The solver changes the constraint on what comes from a path or a URL.
        (each.name, "*" if each.is_direct_origin() else str(each.constraint))
        for each in package.requires
        if not each.in_extras
    }
    if _required(listed) == read:
        return
    if left := _left(folder):
        raise FtiError(
            f"{left} is left from an earlier build of {package.pretty_name}, which required"
            " something else. Poetry reads it: remove it, and run the command again."
        )


def _left(folder: Path) -> str:
    """Return the path of the first metadata that Poetry finds; empty if there is none."""
    pattern = f"{glob.escape(folder.as_posix())}/**/*.*-info"
    # Like Poetry; `Path.glob` would also search hidden folders, such as virtual environments.
    return next(glob.iglob(pattern, recursive=True), "")  # noqa: PTH207


def _reads_files(folder: Path) -> bool:
    """Return whether Poetry reads the requirements from pyproject.toml, without a build."""
    return PyProjectTOML(folder / "pyproject.toml").is_poetry_project()


def _required(requirements: Iterable[str]) -> set[tuple[NormalizedName, str]]:
    parsed = [each for each in map(parsed_requirement, requirements) if each is not None]
    return {
        (canonicalize_name(each.name), str(parse_constraint(str(each.specifier) or "*")))
        for each in parsed
    }
