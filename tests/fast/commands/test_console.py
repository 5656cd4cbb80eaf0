"""What commands write: text of users is printed as it is, errors end with their exit codes."""

from __future__ import annotations

import errno
from contextlib import nullcontext
from threading import enumerate as threads
from typing import TYPE_CHECKING

import pytest
from cleo.formatters.formatter import Formatter
from cleo.io.buffered_io import BufferedIO
from cleo.io.outputs.output import Verbosity
from hypothesis import example, given
from hypothesis import strategies as st
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import (
    aligned,
    error,
    escape,
    feedback_of,
    guarded,
    os_message,
    plain,
)
from poetry_fti.commands.shared.safe_output import make_safe
from poetry_fti.errors import ConfigError, FtiError, StaleLockError
from poetry_fti.wording import counted, harmless

if TYPE_CHECKING:
    from poetry_fti.operations.feedback import Feedback

# NUL is what cleo itself stands in for a backslash at the end, ESC starts a terminal's commands.
TEXT = st.text(st.characters(blacklist_characters="\0\x1b", codec="utf-8"))
PIECES = st.lists(
    st.sampled_from(["<", "\\", ">", "/", "</>", "<error>", "<fg=red>", "a", " ", "\n"])
).map("".join)


@given(TEXT | PIECES)
@example("<<error>")
@example("\\<")
@example("a\\\\")
@example("</>")
def test_escaped_text_is_printed_as_it_is(text: str) -> None:
    for formatter in (Formatter(), Formatter(decorated=True)):
        assert formatter.remove_format(escape(text)) == harmless(text)
        assert formatter.remove_format(f"<c1>{escape(text)}</c1>!") == f"{harmless(text)}!"
        assert formatter.format("<error></error>x") == "x"  # no style is left open


def test_errors_and_plain_output() -> None:
    io = BufferedIO()
    error(io, "no <info>markup</info>\\")
    plain(io, "to the <b>byte")
    assert io.fetch_error() == "no <info>markup</info>\\\n"
    assert io.fetch_output() == "to the <b>byte"


class FailingCommand(Command):
    """A command that only fails."""

    def __init__(self, failure: BaseException | None) -> None:
        super().__init__()
        self._failure = failure

    @guarded
    def handle(self) -> int:
        if self._failure is not None:
            raise self._failure
        return 0


def run(failure: BaseException | None) -> tuple[int, str]:
    io = BufferedIO()
    command = FailingCommand(failure)
    command._io = io  # noqa: SLF001 - what running it within an application does
    return command.handle(), io.fetch_error()


@pytest.mark.parametrize(
    ("failure", "code", "message"),
    [
        (None, 0, ""),
        (FtiError("<b>it</b> failed"), 1, "<b>it</b> failed\n"),
        (StaleLockError("stale"), 1, "stale\n"),
        (ConfigError("wrong"), 2, "wrong\n"),
        (OSError(errno.ENOSPC, "No space left", "fti/x"), 1, "fti/x: No space left\n"),
        (
            KeyboardInterrupt(),
            130,
            (
                "Interrupted. Each file is either unchanged or completely written."
                " Rerun the command to finish.\n"
            ),
        ),
    ],
)
def test_how_a_command_ends(failure: BaseException | None, code: int, message: str) -> None:
    assert run(failure) == (code, message)


def test_whatever_is_written_has_neither_credentials_nor_control_characters() -> None:
    io = BufferedIO(decorated=True)
    make_safe(io)
    make_safe(io)
    io.write_line("<info>Cloning</info> https://me:s3cret@git.example/a\x1b[2J")
    io.write_error_line("GET https://files.example/a?X-Amz-Signature=s3cret&b=c\r")
    io.write("\x1b[2K")  # cleo's own
    io.write_error_line(escape("a\\"))
    assert io.fetch_output() == ("\x1b[34mCloning\x1b[39m https://git.example/a\\x1b[2J\n\x1b[2K")
    assert io.fetch_error() == "GET https://files.example/a?X-Amz-Signature=***&b=c\\x0d\na\\\n"


def test_an_error_shows_neither_credentials_nor_control_characters() -> None:
    assert run(FtiError("no\x1b]0;x\x07 https://me:s3cret@git.example/a")) == (
        1,
        "no\\x1b]0;x\\x07 https://git.example/a\n",
    )
    assert str(FtiError("https://me:s3cret@git.example/a")) == "https://git.example/a"


def test_a_bug_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError())


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (OSError("just text"), "just text"),
        (OSError(errno.EACCES, "Permission denied"), "Permission denied"),
        (OSError(errno.EACCES, "Permission denied", "a"), "a: Permission denied"),
    ],
)
def test_what_the_operating_system_refused(failure: OSError, message: str) -> None:
    assert os_message(failure) == message


def feedback(io: BufferedIO) -> Feedback:
    command = FailingCommand(None)
    command._io = io  # noqa: SLF001 - what running it within an application does
    return feedback_of(command)


def show_progress(io: BufferedIO, failure: BaseException | None) -> None:
    with feedback(io).progress("Locking <b>", dict):
        feedback(io).notice("a <b>notice</b>")
        if failure is not None:
            raise failure


@pytest.mark.parametrize("failure", [None, FtiError(), KeyboardInterrupt(), SystemExit()])
def test_the_progress_indicator_leaves_no_thread(failure: BaseException | None) -> None:
    before = threads()
    io = BufferedIO(decorated=True)
    with pytest.raises(type(failure)) if failure is not None else nullcontext():
        show_progress(io, failure)
    assert threads() == before
    errors = io.fetch_error()
    assert "Locking <b>..." in errors
    assert "a <b>notice</b>\n" in errors
    assert errors.endswith("\n")
    assert io.fetch_output() == ""


def test_no_progress_without_a_terminal() -> None:
    io = BufferedIO()
    with feedback(io).progress("Locking", dict):
        pass
    assert (io.fetch_output(), io.fetch_error()) == ("", "")


@pytest.mark.parametrize(
    ("verbosity", "wanted"),
    [
        (Verbosity.QUIET, 0),
        (Verbosity.NORMAL, 0),
        (Verbosity.VERBOSE, 1),
        (Verbosity.VERY_VERBOSE, 2),
        (Verbosity.DEBUG, 3),
    ],
)
def test_the_resolvers_commentary_for_those_who_want_it(verbosity: Verbosity, wanted: int) -> None:
    io = BufferedIO(decorated=True)
    io.set_verbosity(verbosity)
    assert feedback(io).verbosity == wanted
    if wanted:
        with feedback(io).progress("Locking", dict):
            feedback(io).detail("the resolver's <b>commentary</b>")
        assert io.fetch_output() == "the resolver's <b>commentary</b>\n"
        assert io.fetch_error() == ""


def test_counting_and_columns() -> None:
    assert [counted(number, "lock") for number in (0, 1, 2)] == ["0 locks", "1 lock", "2 locks"]
    assert aligned([("a", "bb", "c"), ("aaa", "b", "")]) == ["a    bb  c", "aaa  b"]
