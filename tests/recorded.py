"""The recorded projects that a test uses: a sample of them, or all, see `cases`.

Reading the whole record takes a third of a second. `PYTHONPATH=fixtures python tests/recorded.py`
writes the sample.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cases
from loopback.catalogue import RECORDED, load

if TYPE_CHECKING:
    from loopback.catalogue import Releases

SAMPLE: Final = Path(RECORDED).with_name("sample.json.gz")
# What tests use by name, besides a share of all projects.
_NAMED: Final = ("anyio", "jinja2", "markupsafe", "numpy", "packaging", "zipp")


def sample() -> dict[str, Any]:
    """Return the content of the sample: a part of the record."""
    packages = json.loads(gzip.decompress(RECORDED.read_bytes()))["packages"]
    names = [*cases.share(list(packages)), *_NAMED]
    return {"packages": {name: packages[name] for name in names}}


def recorded_names() -> list[str]:
    """Return the names of all recorded projects, or of a share of them."""
    names = list(load(RECORDED if cases.ALL else SAMPLE).projects)
    return names if cases.ALL else names[: -len(_NAMED)]


def recorded(name: str) -> Releases:
    """Return the releases of a project, the newest first."""
    few = load(SAMPLE).projects
    return few[name] if name in few else load().projects[name]


if __name__ == "__main__":
    SAMPLE.write_bytes(gzip.compress(json.dumps(sample()).encode(), mtime=0))
