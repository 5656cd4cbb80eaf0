"""Stages that are exported for the Python that runs the tests."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Poetry

VERSION: Final = "{}.{}".format(*sys.version_info)


def exported(poetry: Poetry, root: Path, name: str, stage: str, settings: str = "") -> Path:
    """Lock a stage for the running version of Python, export it, and return its folder.

    `name` is that of the format; `settings` are further lines for the stage's table.
    """
    path = root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    table = f"[tool.fti.stages.{stage}]\n"
    assert table in text
    changed = text.replace(table, f'{table}python = "=={VERSION}.*"\n{settings}\n')
    path.write_text(changed, encoding="utf-8")
    poetry.ok(root, "fti", "lock", stage)
    poetry.ok(root, "fti", "export", stage, "--format", name)
    return root / "fti" / stage
