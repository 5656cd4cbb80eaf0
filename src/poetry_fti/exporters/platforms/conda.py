"""environment.yml: a stage's Python from conda, and its packages from pip with hashes."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters import StageExporter
from poetry_fti.exporters.platforms.conda_text import WIDTH, conda_environment, conda_python
from poetry_fti.exporters.shared.build_constraints import (
    FILENAME,
    build_constraint_files,
    build_constraints_note,
)
from poetry_fti.exporters.shared.header import header
from poetry_fti.exporters.shared.pip_lines import hashed_or_none, is_tree, pip_lines
from poetry_fti.exporters.shared.yaml_text import yaml_text
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.model.lock import LockedPackage, LockedStage

_FILE: Final = "environment.yml"


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return environment.yml, and the build constraints if the stage has any.

    The stage's environment variables are set when the environment is activated. Raises FtiError if
    the stage allows no known version of Python.
    """
    top = [header(locked), *_notes(locked)]
    document = conda_environment(locked, conda_python(locked), _pip_section(locked))
    if locked.stage.env:
        document["variables"] = dict(locked.stage.env)
    text = "\n".join([*top, yaml_text(document, width=WIDTH)])
    return {_FILE: text, **build_constraint_files(locked)}


def _pip_section(locked: LockedStage) -> list[str]:
    """Return the lines for pip; paths are relative to the stage's folder, where conda runs pip.

    No line has hashes if one of the packages is a source tree, which cannot have one.
    """
    packages = [_from_folder(package, locked.folder) for package in locked.packages]
    return pip_lines(hashed_or_none(replace(locked, packages=tuple(packages))))


def _notes(locked: LockedStage) -> Iterator[str]:
    """Yield comments on what pip has to be run with, and on missing hashes."""
    trees = sorted({package.name for package in locked.packages if is_tree(package)})
    if trees and any(package.files for package in locked.packages):
        yield f"# Without hashes, as source trees and repositories have none: {', '.join(trees)}"
    if any(build_constraints_note(locked)):
        yield f"# Builds are constrained: set the variable PIP_BUILD_CONSTRAINT={FILENAME}"
    if locked.stage.overrides or locked.stage.exclude:
        yield "# Requirements are overridden or excluded: set the variable PIP_NO_DEPS=1"


def _from_folder(package: LockedPackage, folder: PurePosixPath) -> LockedPackage:
    """Return a package whose path, if it has one, is relative to a folder and not to the root."""
    origin = package.origin
    if not isinstance(origin, DirectoryOrigin | FileOrigin):
        return package
    path = PurePosixPath(posixpath.relpath(origin.path, folder))
    return replace(package, origin=replace(origin, path=path))


EXPORTER: Final = StageExporter(_FILE, files, can_omit_hashes=True, can_omit_markers=True)
