"""Locks that were written by hand: without a solver, and possibly incomplete."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

KEYS: Final = (
    "name",
    "version",
    "description",
    "optional",
    "python-versions",
    "groups",
    "files",
)
METADATA: Final = """\
[metadata]
lock-version = "2.1"
python-versions = ">=3.11"
content-hash = "0000000000000000000000000000000000000000000000000000000000000000"
"""


def write_lock(
    root: Path, stage: str, pins: Mapping[str, str], keys: Sequence[str] = KEYS, end: str = METADATA
) -> None:
    """Write the lock of a stage with these versions, and with these keys of each package."""
    lines = []
    for name, version in pins.items():
        values = {
            "name": name,
            "version": version,
            "description": "",
            "optional": False,
            "python-versions": ">=3.10",
            "groups": [stage],
            "files": [],
        }
        lines += ["[[package]]", *(f"{key} = {json.dumps(values[key])}" for key in keys), ""]
    path = root / "fti" / stage / "poetry.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*lines, end]), encoding="utf-8")
