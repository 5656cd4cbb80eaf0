"""A channel of conda with two packages: Python, which is the running interpreter, and pip."""

from __future__ import annotations

import ensurepip
import io
import json
import os
import sys
import tarfile
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exported import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLATFORM = "linux-64"
_SITE_PACKAGES = f"lib/python{VERSION}/site-packages"


def make_channel(folder: Path) -> None:
    """Write the channel to a folder.

    An environment that Python is installed into is one of the running interpreter, as it contains a
    `pyvenv.cfg`.
    """
    python = Path(sys.executable).resolve()
    settings = f"home = {python.parent}\ninclude-system-site-packages = false\n"
    (wheel,) = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        pip = {f"{_SITE_PACKAGES}/{name}": archive.read(name) for name in names}
    release = "{}.{}.{}".format(*sys.version_info)
    packages = {
        **_package(
            folder, "python", release, {"pyvenv.cfg": settings.encode()}, {"bin/python": python}
        ),
        **_package(folder, "pip", wheel.name.split("-")[1], pip, {}),
    }
    for platform, found in ((_PLATFORM, packages), ("noarch", {})):
        (folder / platform).mkdir(exist_ok=True)
        text = json.dumps({"info": {"subdir": platform}, "packages": found})
        (folder / platform / "repodata.json").write_text(text, encoding="utf-8")


def _package(
    folder: Path, name: str, version: str, files: Mapping[str, bytes], links: Mapping[str, Path]
) -> dict[str, dict[str, Any]]:
    """Write a package, and return its entry in the channel's index."""
    index = {"name": name, "version": version, "build": "0", "build_number": 0, "depends": []}
    described = {
        "info/index.json": json.dumps({**index, "subdir": _PLATFORM}).encode(),
        "info/files": "\n".join([*files, *links]).encode(),
    }
    path = folder / _PLATFORM / f"{name}-{version}-0.tar.bz2"
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:bz2") as archive:
        for each, content in {**described, **files}.items():
            entry = tarfile.TarInfo(each)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for each, target in links.items():
            entry = tarfile.TarInfo(each)
            entry.type, entry.linkname = tarfile.SYMTYPE, os.fspath(target)
            archive.addfile(entry)
    content = path.read_bytes()
    return {path.name: {**index, "sha256": sha256(content).hexdigest(), "size": len(content)}}
