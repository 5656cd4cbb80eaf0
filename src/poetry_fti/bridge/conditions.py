"""What a lock was solved for beyond its derived project: the table `[metadata.fti]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poetry_fti.model import Stage


def conditions(stage: Stage) -> dict[str, Any]:
    """Return the table of a stage; empty for one that is solved as plain Poetry would."""
    table: dict[str, Any] = {}
    if stage.targets.platforms:
        table["platforms"] = [str(platform) for platform in stage.targets.platforms]
    return table
