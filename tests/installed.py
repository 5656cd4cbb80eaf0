"""Environments with installed packages, written file by file."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def virtual_environment(folder: Path, python: str = "3.12.1", more: str = "") -> Path:
    """Write an environment without packages; return its folder of packages."""
    minor = ".".join(python.split(".")[:2])
    site = folder / "lib" / f"python{minor}" / "site-packages"
    site.mkdir(parents=True)
    text = f"home = {folder.parent / 'base' / 'bin'}\nversion = {python}\n{more}"
    (folder / "pyvenv.cfg").write_text(text, encoding="utf-8")
    return site


def install(site: Path, name: str, version: str, source: Mapping[str, Any] | None = None) -> Path:
    """Write a package with a module, as an installer does; return its metadata."""
    metadata = site / f"{name}-{version}.dist-info"
    metadata.mkdir()
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: of the description\n"
    (metadata / "METADATA").write_text(text, encoding="utf-8")
    module = site / f"{name}.py"
    module.write_text("ANSWER = 42\n", encoding="utf-8")
    digest = urlsafe_b64encode(hashlib.sha256(module.read_bytes()).digest()).decode().rstrip("=")
    record = f"{name}.py,sha256={digest},12\n{metadata.name}/RECORD,,\n"
    (metadata / "RECORD").write_text(record, encoding="utf-8")
    if source is not None:
        (metadata / "direct_url.json").write_text(json.dumps(source), encoding="utf-8")
    return metadata
