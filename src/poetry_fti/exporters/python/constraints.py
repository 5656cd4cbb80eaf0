"""constraints.txt: the versions of a stage's packages, as constraints for other installations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.exporters import StageExporter
from poetry_fti.exporters.shared.header import header
from poetry_fti.exporters.shared.reference import in_order, marked, reference
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.model.lock import LockedStage

_FILE: Final = "constraints.txt"


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return constraints.txt, without packages from local paths: a path pins no version."""
    lines = [
        marked(reference(package), package)
        for package in in_order(locked.packages)
        if not isinstance(package.origin, DirectoryOrigin | FileOrigin)
    ]
    return {_FILE: "\n".join([header(locked), *([""] if lines else []), *lines]) + "\n"}


EXPORTER: Final = StageExporter(_FILE, files, can_omit_hashes=True, can_omit_markers=True)
