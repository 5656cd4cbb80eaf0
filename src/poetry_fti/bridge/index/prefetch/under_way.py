"""What several processes are requesting, so that none of them requests it a second time."""

from __future__ import annotations

from contextlib import contextmanager
from mmap import mmap
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterator

_SLOTS: Final = 1 << 14
_PAUSE: Final = 0.004  # seconds
# After so many seconds the other process is taken for dead; then both make the request.
_PATIENCE: Final = 20.0


class RequestsUnderWay:
    """Makes processes wait while another one requests the same page or release.

    Processes that share an object are forked after it has been made. Nobody waits before one of
    them calls `enable`: where everything is in Poetry's caches, that would only cost time. Names
    that fall into the same slot wait for each other, too, which does no harm.
    """

    def __init__(self) -> None:
        self._slots = mmap(-1, _SLOTS + 1)

    def enable(self) -> None:
        """Let processes wait for each other from now on."""
        self._slots[_SLOTS] = 1

    @contextmanager
    def request(self, name: str) -> Iterator[bool]:
        """Wait until no other process requests what has this name, and keep others waiting.

        Yields whether another process may have made the request just now.
        """
        if not self._slots[_SLOTS]:
            yield False
            return
        slot = crc32(name.encode()) % _SLOTS
        end = monotonic() + _PATIENCE
        while self._slots[slot] and monotonic() < end:
            sleep(_PAUSE)
        self._slots[slot] = 1
        try:
            yield True
        finally:
            self._slots[slot] = 0
