"""What a variant of a stage sees of its derived project and of the metadata of packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from poetry.core.constraints.version import parse_constraint

from poetry_fti.bridge.index.bounds import Bounds
from poetry_fti.bridge.index.metadata_view import MetadataView
from poetry_fti.bridge.lock.installable_files import InstallableFiles
from poetry_fti.bridge.markers import Narrowing
from poetry_fti.bridge.project.python_versions import python_specifiers

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.packages.project_package import ProjectPackage

    from poetry_fti.bridge.solving.variants.variant import StageTask
    from poetry_fti.bridge.solving.variants.variant_targets import VariantTargets


def root_on(task: StageTask, where: VariantTargets) -> ProjectPackage:
    """Return a new copy of a stage's derived project with the versions of Python on targets."""
    root = task.root()
    if where.pythons is not None:
        root.python_versions = str(where.python(root.python_constraint))
    return root


def view_for(task: StageTask, where: VariantTargets) -> MetadataView:
    """Return the metadata as a stage sees it on targets: narrowed to them, with its overrides.

    Versions that its constraints exclude are left out.
    """
    python = root_on(task, where).python_constraint
    is_narrowed = bool(where.targets.platforms)
    narrowing = Narrowing(where.targets, python) if is_narrowed or task.constraints else None
    overrides: dict[NormalizedName, VersionConstraint | None] = {
        name: parse_constraint(constraint) for name, constraint in task.overrides
    }
    overrides |= dict.fromkeys(task.exclude)
    view = MetadataView(
        narrowing if is_narrowed else None,
        overrides,
        _files(task, where, python),
        builds=task.builds,
        bounds=Bounds(task.constraints, narrowing),
    )
    view.lift(task.lifted)
    return view


def _files(
    task: StageTask, where: VariantTargets, python: VersionConstraint
) -> InstallableFiles | None:
    if not task.is_narrowed:
        return None
    # Without platforms, these may only stand for all others.
    targets = where.targets if task.targets.platforms else task.targets
    specifiers = SpecifierSet(python_specifiers(str(python)))
    return InstallableFiles(targets, specifiers, builds=not task.wheels_only)
