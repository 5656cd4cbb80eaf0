"""runtime_env.yaml: a stage's packages and variables as a runtime environment of Ray."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.exporters import StageExporter
from poetry_fti.exporters.platforms.conda_text import WIDTH
from poetry_fti.exporters.platforms.paths import left_out_note, without_paths
from poetry_fti.exporters.shared.header import header
from poetry_fti.exporters.shared.pip_lines import hashed_or_none, pip_lines
from poetry_fti.exporters.shared.yaml_text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.model.lock import LockedStage

_FILE: Final = "runtime_env.yaml"
# The lock contains everything that the packages require, and the stage may exclude some of that.
_OPTIONS: Final = ("--disable-pip-version-check", "--no-deps")


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return runtime_env.yaml, without the packages that are paths of the project.

    No line has hashes if one of the packages is a source tree, which cannot have one.
    """
    lines = pip_lines(hashed_or_none(without_paths(locked)))
    document = {
        **({"pip": {"packages": lines, "pip_install_options": list(_OPTIONS)}} if lines else {}),
        **({"env_vars": dict(locked.stage.env)} if locked.stage.env else {}),
    }
    top = [header(locked), *left_out_note(locked, "pass their code as py_modules")]
    return {_FILE: "\n".join([*top, yaml_text(document, width=WIDTH)])}


EXPORTER: Final = StageExporter(_FILE, files, can_omit_hashes=True, can_omit_markers=True)
