"""install.sh and install.ps1: scripts that create a stage's environment with Python alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.exporters import StageExporter
from poetry_fti.exporters.python.install_scripts.content import script_content
from poetry_fti.exporters.python.install_scripts.powershell import powershell_script
from poetry_fti.exporters.python.install_scripts.shell import shell_script

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.model.lock import LockedStage

_SHELL: Final = "install.sh"
_POWERSHELL: Final = "install.ps1"


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return the scripts, which contain the stage's requirements.

    Raises FtiError for a stage that allows no known version of Python.
    """
    content = script_content(locked)
    return {
        _SHELL: shell_script(content, str(locked.folder / _SHELL)),
        _POWERSHELL: powershell_script(content, str(locked.folder / _POWERSHELL)),
    }


EXPORTER: Final = StageExporter(_SHELL, files)
