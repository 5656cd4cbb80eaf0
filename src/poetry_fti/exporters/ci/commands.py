"""What the configurations of all CI systems have in common."""

from __future__ import annotations

from typing import Final

# The versions that docs/how-to/ci.md installs; a test compares them.
_POETRY: Final = "2.5.1"
_PLUGIN: Final = "0.1.0"

INSTALL_POETRY: Final = (
    f"pipx install poetry=={_POETRY} && pipx inject poetry poetry-fti=={_PLUGIN}"
)
# Stands for the state before the first commit: all stages are affected.
NO_COMMIT: Final = "0" * 40


def known_commit(variable: str) -> str:
    """Return a shell expression for the commit in a variable, `NO_COMMIT` if git does not know it.

    After a forced push, the commit before the push is not in the clone.
    """
    return f'$(git rev-parse --quiet --verify "${variable}^{{commit}}" || echo {NO_COMMIT})'
