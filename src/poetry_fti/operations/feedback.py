"""What a use case reports while it runs. Its results are returned, not reported."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


# None of the resolver's own commentary, or as much as Poetry's -v, -vv and -vvv show.
Verbosity: TypeAlias = Literal[0, 1, 2, 3]


class Feedback(Protocol):
    """Receives progress. All methods are called from the thread that called the use case."""

    @property
    def verbosity(self) -> Verbosity:
        """How much of the resolver's own commentary is wanted."""

    def progress(self, message: str, /) -> AbstractContextManager[None]:
        """Return a context that lasts as long as the work that `message` describes."""

    def detail(self, text: str, /) -> None:
        """Receive a line of the resolver's commentary; only if `verbosity` is not 0."""

    def notice(self, text: str, /) -> None:
        """Receive a line that the user should see at once, such as why the command waits."""


class Silent:
    """Discards everything."""

    verbosity: Verbosity = 0

    def progress(self, _message: str, /) -> AbstractContextManager[None]:
        """Return a context without any effect."""
        return nullcontext()

    def detail(self, _text: str, /) -> None:
        """Discard the text."""

    def notice(self, _text: str, /) -> None:
        """Discard the text."""


SILENT: Final[Feedback] = Silent()
