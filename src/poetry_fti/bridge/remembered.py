"""What was found to be true of a folder's content, so that it need not be found out again."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

from poetry_fti.bridge.project.settings import project_cache_file
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from pathlib import Path


def is_remembered(folder: Path, kind: str, content: str) -> bool:
    """Return whether this content was the latest one of a folder to be remembered for a kind."""
    try:
        kept = project_cache_file(folder, kind).read_text(encoding="utf-8")
    except (FtiError, OSError, UnicodeDecodeError):
        return False
    return kept == _digest(content)


def remember(folder: Path, kind: str, content: str) -> None:
    """Keep a digest of a folder's content in Poetry's cache, in place of an earlier one."""
    with suppress(FtiError, OSError):  # the cache may be read-only
        path = project_cache_file(folder, kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_digest(content), encoding="utf-8")


def _digest(content: str) -> str:
    return sha256(content.encode(errors="surrogatepass")).hexdigest()
