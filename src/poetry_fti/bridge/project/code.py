"""The paths of the project's own code, and of the files that its wheel is built from."""

from __future__ import annotations

import os
from functools import cache
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from poetry.core.masonry.metadata import Metadata
from poetry.core.masonry.utils.module import Module, ModuleOrPackageNotFoundError
from poetry.core.masonry.utils.package_include import PackageInclude
from poetry.core.packages.directory_dependency import DirectoryDependency

from poetry_fti.bridge.project.derived_package import derived_package
from poetry_fti.model.lock import Code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from poetry.poetry import Poetry


@cache  # the same for every stage, and the search walks all folders of the code
def project_code(poetry: Poetry) -> Code:
    """Return the paths of the project's own packages, as poetry-core finds them.

    With `package-mode = false` these are the declared ones. If no packages are found, the result
    has none.
    """
    root = poetry.pyproject_path.parent
    if not poetry.is_package_mode and not poetry.local_config.get("packages"):
        return Code(whole_tree=not _has_path_dependencies(poetry, root))
    found = {(_top(package), package.base) for package in _packages(poetry, root)}
    packages = tuple(sorted({_relative(path, root) for path, _ in found}))
    sources = _sources(poetry, root) if poetry.is_package_mode else ()
    others = {path for path in sources if not _lies_in(path, packages)}
    return Code(
        packages=packages,
        roots=tuple(sorted({_relative(base, root) for _, base in found})),
        sources=tuple(sorted(path for path in others if not _lies_in(path, others - {path}))),
        whole_tree=bool(packages) or not _has_path_dependencies(poetry, root),
    )


def _has_path_dependencies(poetry: Poetry, root: Path) -> bool:
    # The groups of isolated stages are hidden from Poetry's own object.
    data = {**poetry.pyproject.data, "tool": {"poetry": poetry.local_config}}
    requires = derived_package(data, root, poetry.package.pretty_version).all_requires
    return any(isinstance(each, DirectoryDependency) for each in requires)


def _packages(poetry: Poetry, root: Path) -> list[PackageInclude]:
    try:
        includes = [i for i in poetry.local_config.get("packages", ()) if _in_wheel(i)]
        module = Module(poetry.package.name, str(root), packages=[_normal(i) for i in includes])
    except (ModuleOrPackageNotFoundError, ValueError):
        return []
    return [include for include in module.includes if isinstance(include, PackageInclude)]


def _top(package: PackageInclude) -> Path:
    # For a folder, poetry-core lists the files in it, at any depth.
    if package.is_module():
        return package.elements[0]
    return Path(os.path.commonpath([path.parent for path in package.elements]))


def _sources(poetry: Poetry, root: Path) -> Iterator[PurePosixPath]:
    """Yield the files besides packages that a wheel is built from, and a local build backend."""
    yield PurePosixPath("pyproject.toml")
    yield from (_relative(readme, root) for readme in poetry.package.readmes)
    yield from map(PurePosixPath, _licenses(poetry))
    for include in poetry.package.include:
        if "wheel" in include["format"]:
            yield from _included(include["path"], root)
    scripts = poetry.local_config.get("scripts", {}).values()
    yield from (PurePosixPath(s["reference"]) for s in scripts if _is_file(s))
    if poetry.package.build_script:
        yield PurePosixPath(poetry.package.build_script)
    system = poetry.pyproject.data.get("build-system", {})
    yield from map(PurePosixPath, system.get("backend-path", ()))


def _licenses(poetry: Poetry) -> tuple[str, ...]:
    try:
        return Metadata.from_package(poetry.package).license_files
    except (OSError, RuntimeError):  # reported when the wheel is built
        return ()


def _included(pattern: str, root: Path) -> Iterator[PurePosixPath]:
    """Yield the folder before the first wildcard of a pattern.

    If that is the whole project, the files that the pattern matches are yielded in its place.
    """
    parts = takewhile(lambda part: not set(part) & set("*?["), PurePosixPath(pattern).parts)
    folder = PurePosixPath(*parts)
    if folder == PurePosixPath():
        yield from sorted(_relative(path, root) for path in root.glob(pattern))
    elif (root / folder).exists():  # else the build itself creates it
        yield folder


def _is_file(script: object) -> bool:
    return isinstance(script, dict) and script.get("type") == "file"


def _lies_in(path: PurePosixPath, folders: Iterable[PurePosixPath]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _in_wheel(include: Mapping[str, Any]) -> bool:
    return "wheel" in include.get("format", ["wheel"])


def _normal(include: Mapping[str, Any]) -> dict[str, Any]:
    return {**include, "format": ["wheel"]}


def _relative(path: Path, root: Path) -> PurePosixPath:
    return PurePosixPath(Path(os.path.relpath(path, root)).as_posix())
