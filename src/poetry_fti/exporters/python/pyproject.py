"""pyproject.toml: the derived project, which plain Poetry can use in the stage's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.exporters import StageExporter
from poetry_fti.exporters.shared.header import header
from poetry_fti.urls import without_logins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.model.lock import LockedStage


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return the derived pyproject.toml, without credentials in its URLs."""
    return {"pyproject.toml": f"{header(locked)}\n\n{without_logins(locked.pyproject).strip()}\n"}


EXPORTER: Final = StageExporter("pyproject.toml", files)
