"""Installed packages as a stage."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from imported_files import requirements
from poetry_fti.importers.installed import installed_stage
from poetry_fti.model.installed import Installed, InstalledPackage

ROOT: Final = PurePosixPath("/code/demo")


def package(metadata: str) -> InstalledPackage:
    name, version = metadata.removesuffix(".dist-info").removesuffix(".egg-info").split("-")
    return InstalledPackage(
        name=canonicalize_name(name), version=Version(version), metadata=metadata
    )


def test_a_package_with_metadata_of_two_formats() -> None:
    names = (
        "crypto-38.0.dist-info",
        "crypto-38.0.egg-info",
        "six-1.16.dist-info",
        "six-1.15.dist-info",
    )
    installed = Installed(packages=tuple(map(package, names)), markers=())
    assert requirements(installed_stage(installed, ROOT)) == ["crypto==38.0", "six==1.16"]
