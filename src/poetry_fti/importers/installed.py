"""A running environment: the packages that are installed in it."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from poetry_fti.importers.shared.python import python_specifiers
from poetry_fti.model.imported import ImportedRequirement, ImportedStage
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.model.installed import Installed, InstalledPackage

# What environments contain to install others, and what no stage requires.
_INSTALLERS: Final = frozenset({"pip", "setuptools", "wheel", "uv", "poetry", "poetry-fti"})


def installed_stage(installed: Installed, root: PurePath) -> ImportedStage:
    """Return the environment of installed packages; `root` is the project that it is imported into.

    Direct requirements are the packages that no other one requires, and those that were named when
    they were installed, where that distinguishes them.
    """
    packages = [each for each in installed.packages if each.name not in _INSTALLERS]
    found = [(each, _requirement(each)) for each in packages if each.name in _direct(packages)]
    own = [each.name for each, made in found if made.path == root]
    requirements: dict[NormalizedName, ImportedRequirement] = {}
    for each, made in found:
        if made.path != root:
            # A package may have metadata in two formats or folders, of which the first counts.
            requirements.setdefault(each.name, made)
    pythons = {each["python_version"] for each in installed.markers if "python_version" in each}
    python = pythons.pop() if len(pythons) == 1 else ""
    return ImportedStage(
        requirements=tuple(requirements.values()),
        versions=tuple((each.name, str(each.version)) for each in packages),
        python=python_specifiers(f"=={python}") if python else "",
        notes=tuple(_notes(installed, own)),
    )


def _direct(packages: Sequence[InstalledPackage]) -> set[NormalizedName]:
    required = {name for each in packages for name in each.requires - {each.name}}
    roots = {each.name for each in packages if each.name not in required}
    requested = {each.name for each in packages if each.is_requested}
    # After `pip install -r` of a whole lock, every package is a requested one.
    return roots if len(requested) == len(packages) else roots | requested


def _requirement(package: InstalledPackage) -> ImportedRequirement:
    """Return a pin of a package, or a reference to where it was installed from."""
    source = package.source
    if source is None or not source.url:
        return ImportedRequirement(name=package.name, specifier=f"=={package.version}")
    if source.url.startswith("file:"):
        path = PurePath(url2pathname(urlsplit(source.url).path))
        return ImportedRequirement(name=package.name, path=path, editable=source.is_folder)
    revision = f"@{source.commit}" if source.commit else ""
    return ImportedRequirement(name=package.name, url=f"{source.url}{revision}")


def _notes(installed: Installed, own: Iterable[str]) -> list[str]:
    notes = [f"{name} is the project itself, which is in every stage." for name in own]
    if installed.damage:
        names = joined(sorted({each.package for each in installed.damage}))
        notes.append(f"The metadata of {names} cannot be read, and was left out.")
    return notes
