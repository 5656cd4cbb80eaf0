"""The protocol for progress of a use case while it runs; its results are returned."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from poetry_fti.model.stage_state import StageState


# How much of the resolver's log is reported: none, or as much as with Poetry's -v, -vv and -vvv.
Verbosity: TypeAlias = Literal[0, 1, 2, 3]
States: TypeAlias = "Callable[[], Mapping[str, StageState]]"


class Feedback(Protocol):
    """Receives the progress of a use case, in the thread that called the use case."""

    @property
    def verbosity(self) -> Verbosity:
        """How much of the resolver's log to report: 0 for none, up to 3."""

    def progress(self, message: str, states: States, /) -> AbstractContextManager[None]:
        """Return a context that is entered while stages are locked, as `message` says.

        `states` returns the present state of each stage by name; any thread may call it, as often
        as it is to be shown.
        """

    def detail(self, text: str, /) -> None:
        """Receive a line of the resolver's log; not called if `verbosity` is 0."""

    def notice(self, text: str, /) -> None:
        """Receive a line to show immediately, such as the reason for a delay."""


class Silent:
    """A feedback that discards all progress."""

    verbosity: Verbosity = 0

    def progress(self, _message: str, _states: States, /) -> AbstractContextManager[None]:
        """Return a context that has no effect."""
        return nullcontext()

    def detail(self, _text: str, /) -> None:
        """Discard the text."""

    def notice(self, _text: str, /) -> None:
        """Discard the text."""


SILENT: Final[Feedback] = Silent()
