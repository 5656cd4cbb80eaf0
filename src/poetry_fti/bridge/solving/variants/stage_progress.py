"""The states of stages, in memory that is shared with the processes that solve them."""

from __future__ import annotations

from contextlib import contextmanager
from mmap import mmap
from threading import Lock
from typing import TYPE_CHECKING, Final

from poetry_fti.model.stage_state import Phase, StageState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The numbers of a stage: phase, pages read, pages being read, milliseconds of solving.
_PHASE, _PAGES, _READING, _MILLISECONDS = range(4)
_BYTES: Final = 4


class StageProgress:
    """The state of one stage; written by the process that solves it, read by its parent."""

    def __init__(self) -> None:
        """Allocate memory that forked processes share; without fork it is ordinary memory."""
        self._numbers = memoryview(mmap(-1, 4 * _BYTES)).cast("I")
        self._lock = Lock()

    @property
    def state(self) -> StageState:
        """The present state."""
        phase, pages, reading, milliseconds = self._numbers
        return StageState(Phase(phase), pages, reading > 0, milliseconds / 1000)

    @contextmanager
    def solving(self) -> Iterator[None]:
        """Enter `SOLVING`, and at the end of the context `ALIGNING`, or `FAILED` on an error."""
        with self._during(Phase.SOLVING):
            yield
        self._numbers[_PHASE] = Phase.ALIGNING

    @contextmanager
    def locking(self, seconds: Callable[[], float]) -> Iterator[None]:
        """Enter `LOCKING`, and at the end of the context `DONE`, or `FAILED` on an error.

        `seconds` returns the solving time.
        """
        with self._during(Phase.LOCKING):
            yield
        self._numbers[_MILLISECONDS] = round(seconds() * 1000)
        self._numbers[_PHASE] = Phase.DONE

    @contextmanager
    def _during(self, phase: Phase) -> Iterator[None]:
        self._numbers[_PHASE] = phase
        try:
            yield
        except BaseException:
            self._numbers[_PHASE] = Phase.FAILED
            raise

    def begin_page(self) -> None:
        """Count a page of an index that is being read, by any thread."""
        with self._lock:
            self._numbers[_READING] += 1

    def end_page(self) -> None:
        """Count the page as read, for the stage that is being solved."""
        with self._lock:
            self._numbers[_READING] -= 1
            self._numbers[_PAGES] += self._numbers[_PHASE] == Phase.SOLVING
