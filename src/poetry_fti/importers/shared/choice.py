"""Which of the environments of a file is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from poetry_fti.errors import ConfigError
from poetry_fti.importers.shared.quoting import quoted
from poetry_fti.wording import joined, suggestion

if TYPE_CHECKING:
    from collections.abc import Collection

    from poetry_fti.importers.source import Source


def chosen_environment(source: Source, names: Collection[str]) -> str | None:
    """Return the environment that a source names, else the one with the name of the stage.

    Returns None if the source names none and the stage has another name. Raises ConfigError if the
    file does not have the environment that is named.
    """
    wanted = source.environment or source.stage
    for name in names:
        if canonicalize_name(name) == canonicalize_name(wanted):
            return name
    if not source.environment:
        return None
    if not names:
        raise ConfigError(f"{source.name} has no environments to choose from.")
    hint = suggestion(wanted, names)
    message = f"{source.name} has no environment {quoted(wanted)}{hint or '.'}"
    raise ConfigError(f"{message} It has {joined(sorted(names))}.")
