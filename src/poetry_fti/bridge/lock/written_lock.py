"""What Poetry's locker writes, read from a temporary file: its public interface only writes."""

from __future__ import annotations

import secrets
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from poetry.core.packages.project_package import ProjectPackage
from poetry.packages.locker import Locker

from poetry_fti.bridge.toml_parser import tomllib

if TYPE_CHECKING:
    from poetry.core.packages.package import Package
    from poetry.packages.transitive_package_info import TransitivePackageInfo


def written_text(
    lock: Path,
    pyproject_data: dict[str, Any],
    root: ProjectPackage,
    packages: dict[Package, TransitivePackageInfo],
) -> str:
    r"""Return the text that `Locker.set_lock_data` writes for a lock, with `\n` line endings.

    Paths in it are relative to the folder of the lock, so the temporary file is in that folder.
    Raises OSError.
    """
    # Named as the temporary files of `files.replace`, which removes those of a killed process.
    temporary = lock.with_name(f".{lock.name}.{secrets.token_hex(4)}.tmp")
    try:
        Locker(temporary, pyproject_data).set_lock_data(root, packages)
        return temporary.read_bytes().decode().replace("\r\n", "\n")
    finally:
        temporary.unlink(missing_ok=True)


def written_content_hash(pyproject_data: dict[str, Any]) -> str:
    """Return the digest of a project's dependencies that Poetry writes to its lock."""
    with TemporaryDirectory(prefix="poetry-fti-") as folder:
        text = written_text(
            Path(folder, "poetry.lock"), pyproject_data, ProjectPackage("project", "0"), {}
        )
    digest: str = tomllib.loads(text)["metadata"]["content-hash"]
    return digest
