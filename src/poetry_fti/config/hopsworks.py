"""The table `hopsworks` of a stage."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti.config.names import UNUSABLE
from poetry_fti.model.stage import Hopsworks

if TYPE_CHECKING:
    from poetry_fti.config.table import Table

_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9_-]*"
_UNUSABLE: Final = f"[{UNUSABLE}]"


def read_hopsworks(stage: Table) -> Hopsworks:
    """Return the table `hopsworks` of a stage; problems are added to the table's."""
    table = stage.child(stage.table("hopsworks"), "hopsworks", keys=("base", "script"))
    message = 'is not the name of an environment such as "torch-training-pipeline"'
    base = table.match("base", _NAME, message)
    return Hopsworks(base=base and base[0], script=_script(table))


def _script(table: Table) -> PurePosixPath | None:
    text = table.string("script")
    if text is None:
        return None
    path = PurePosixPath(text)
    is_outside = path.is_absolute() or ".." in path.parts or re.search(_UNUSABLE, text)
    if is_outside or path.suffix != ".py":
        table.wrong("script", f'"{text}" must be a Python file of the project, such as "train.py"')
        return None
    return path
