"""What the configurations of all CI systems have in common."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poetry_fti.model.lock import LockedStage

# The versions that docs/how-to/ci.md installs; a test compares them.
_POETRY: Final = "2.5.1"
_PLUGIN: Final = "0.1.0"

# Stands for the state before the first commit: all stages are affected.
NO_COMMIT: Final = "0" * 40


def install_poetry(stages: Iterable[LockedStage] = ()) -> str:
    """Return the shell command that installs Poetry and the plugin, with the extras of the stages.

    `export` and `build` need the extra `sbom` for stages with a software bill of materials.
    """
    extra = "[sbom]" if any(locked.has_sbom for locked in stages) else ""
    plugin = shlex.quote(f"poetry-fti{extra}=={_PLUGIN}")
    return f"pipx install poetry=={_POETRY} && pipx inject poetry {plugin}"


def known_commit(variable: str) -> str:
    """Return a shell expression for the commit in a variable, `NO_COMMIT` if git does not know it.

    After a forced push, the commit before the push is not in the clone.
    """
    return f'$(git rev-parse --quiet --verify "${variable}^{{commit}}" || echo {NO_COMMIT})'
