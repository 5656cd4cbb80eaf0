"""<stage>.cdx.json: the software bill of materials (SBOM) of a stage, in CycloneDX 1.6."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.errors import MissingExtraError
from poetry_fti.exporters import StageExporter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePosixPath

    from poetry_fti.model.lock import LockedStage

_FILE: Final = "{stage}.cdx.json"
_LIBRARIES: Final = ("cyclonedx", "packageurl")


def filename(stage: str) -> str:
    """Return the name of a stage's SBOM; scanners recognize it by its suffix."""
    return _FILE.format(stage=stage)


def sbom_path(locked: LockedStage) -> PurePosixPath:
    """Return the path of a stage's SBOM, relative to the project's root."""
    return locked.folder / filename(locked.stage.name)


def require_library() -> None:
    """Raise MissingExtraError if the library that writes SBOMs is not installed."""
    try:
        import poetry_fti.exporters.sbom.document  # noqa: F401, PLC0415 - takes a while
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _LIBRARIES:
            raise
        raise MissingExtraError("The format cyclonedx", "sbom") from error


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return the SBOM; raises MissingExtraError if its library is not installed."""
    require_library()
    # The library belongs to an extra, and takes a while to import.
    from poetry_fti.exporters.sbom.document import sbom_text  # noqa: PLC0415

    return {filename(locked.stage.name): sbom_text(locked)}


EXPORTER: Final = StageExporter(_FILE, files, needs_licenses=True)
