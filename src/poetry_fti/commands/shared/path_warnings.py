"""Poetry's warnings of path dependencies that do not exist, each of them once."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOGGER: Final = "poetry.core.packages.path_dependency"


@contextmanager
def path_warnings_once() -> Iterator[None]:
    """Drop repeated warnings: Poetry logs one whenever it reads a requirement, in every stage."""
    seen: set[str] = set()

    def is_new(record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if text in seen:
            return False
        seen.add(text)
        return True

    logger = logging.getLogger(_LOGGER)
    logger.addFilter(is_new)
    try:
        yield
    finally:
        logger.removeFilter(is_new)
