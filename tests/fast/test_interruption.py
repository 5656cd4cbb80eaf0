"""Signals that end a command: an exception while it runs, and exit codes."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any, NoReturn, cast

import pytest
from cleo.io.buffered_io import BufferedIO
from poetry.console.commands.command import Command

from poetry_fti import interruption
from poetry_fti.commands.shared.console import guarded
from poetry_fti.plugin import FtiPlugin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MESSAGE = (
    "Interrupted. Each file is either unchanged or completely written."
    " Rerun the command to finish.\n"
)
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
BOTH = pytest.mark.parametrize("number", CODES, ids=lambda number: number.name)


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in CODES}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Acting(Command):
    """A command that calls a function."""

    name = "fti act"

    def __init__(self, act: Callable[[], int]) -> None:
        super().__init__()
        self._act = act

    @guarded
    def handle(self) -> int:
        return self._act()


def run(act: Callable[[], int]) -> tuple[int, str]:
    io = BufferedIO()
    command = Acting(act)
    command._io = io  # noqa: SLF001 - what running it within an application does
    code = command.handle()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    return code, io.fetch_error()


@BOTH
def test_a_signal_ends_the_command_after_its_clean_up(number: signal.Signals) -> None:
    cleaned = []

    def act() -> int:
        try:
            signal.raise_signal(number)
        finally:
            signal.raise_signal(signal.SIGTERM)  # once more
            cleaned.append(number)
        return 0

    assert run(act) == (CODES[number], MESSAGE)
    assert cleaned == [number]


@BOTH
def test_a_command_of_poetrys_may_make_a_failure_of_it(number: signal.Signals) -> None:
    def act() -> int:
        try:
            signal.raise_signal(number)
        except KeyboardInterrupt:
            return 1
        return 0

    assert run(act) == (CODES[number], MESSAGE)


@BOTH
def test_a_signal_that_came_before(number: signal.Signals) -> None:
    interruption.install()
    with pytest.raises(SystemExit) as caught:
        signal.raise_signal(number)
    assert caught.value.code == CODES[number]
    assert run(lambda: pytest.fail("it runs")) == (CODES[number], MESSAGE)


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def act() -> int:
        signal.raise_signal(signal.SIGTERM)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        return 0

    assert run(act) == (0, "")


@pytest.mark.parametrize(
    ("words", "is_ours"),
    [
        ("fti list", True),
        ("-q -C fti -P x --directory x --project=y fti lock fti", True),
        ("-C fti check", False),
        ("--project fti -v lock", False),
        ("run fti", False),
        ("--help", False),
        ("", False),
    ],
)
def test_signals_are_handled_for_our_commands_only(
    monkeypatch: pytest.MonkeyPatch, words: str, *, is_ours: bool
) -> None:
    class Application:
        event_dispatcher = None

        class command_loader:  # noqa: N801 - an attribute of Poetry's
            register_factory = staticmethod(lambda *_: None)

    def install() -> NoReturn:
        raise LookupError

    monkeypatch.setattr(interruption, "install", install)
    monkeypatch.setattr("sys.argv", ["poetry", *words.split()])
    found = []
    try:
        FtiPlugin().activate(cast("Any", Application()))
    except LookupError:
        found.append(words)
    assert bool(found) == is_ours
