"""fti_stamp.py: a module that returns the stage and the digest of its lock, to log with models."""

from __future__ import annotations

import json
from pkgutil import get_data
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters import StageExporter
from poetry_fti.exporters.shared.header import header

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.model.lock import LockedStage

_FILE: Final = "fti_stamp.py"
_MODULE: Final = "stamp.py"


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return `poetry_fti.stamp` with the values of a stage."""
    source = get_data("poetry_fti", _MODULE)
    if source is None:
        raise FtiError(f"poetry-fti lacks its file {_MODULE}. Install it again.")
    text = source.decode("utf-8").replace("\r\n", "\n")
    for name, value in (("STAGE", locked.stage.name), ("LOCK", locked.digest)):
        text = text.replace(f'\n{name} = ""\n', f"\n{name} = {json.dumps(value)}\n")
    return {_FILE: f"{header(locked)}\n{text}"}


EXPORTER: Final = StageExporter(_FILE, files)
