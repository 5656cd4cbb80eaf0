"""Workers: messages and their replies, in this process and in another one."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from typing import TYPE_CHECKING, cast

import pytest
from poetry.repositories import RepositoryPool

from poetry_fti.bridge.index.prefetch.under_way import RequestsUnderWay
from poetry_fti.bridge.solving.workers.local import HandledReply, LocalWorker
from poetry_fti.bridge.solving.workers.process import ProcessWorker, _serve
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from poetry_fti.bridge.solving.workers.messages import StageSolvers, Worker

needs_fork = pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="needs a safe fork")


@dataclass(frozen=True)
class Add:
    """Answers with a sum."""

    one: int
    other: int

    def handle(self, _: StageSolvers) -> int:
        return self.one + self.other


@dataclass(frozen=True)
class Repeat:
    """Answers with its own text."""

    text: str

    def handle(self, _: StageSolvers) -> str:
        return self.text


@dataclass(frozen=True)
class Process:
    """Answers with the id of the process that handles it."""

    def handle(self, _: StageSolvers) -> int:
        return os.getpid()


@dataclass(frozen=True)
class Fail:
    """Raises an error of a class."""

    error: type[Exception]

    def handle(self, _: StageSolvers) -> int:
        raise self.error("as demanded")


class UnpicklableError(Exception):
    """Has an attribute that cannot go through a pipe."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.function = lambda: text


@dataclass(frozen=True)
class Die:
    """Ends the process that handles it, as the system does when memory runs out."""

    def handle(self, _: StageSolvers) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0


@pytest.fixture(params=["local", pytest.param("process", marks=needs_fork)])
def worker(request: pytest.FixtureRequest) -> Iterator[Worker]:
    local = request.param == "local"
    found: Worker = (
        LocalWorker([], RepositoryPool(), None, RequestsUnderWay(), aligned=True)
        if local
        else ProcessWorker([], RepositoryPool(), RequestsUnderWay(), aligned=True)
    )
    yield found
    found.close()


@pytest.fixture
def process() -> Iterator[ProcessWorker]:
    found = ProcessWorker([], RepositoryPool(), RequestsUnderWay(), aligned=True)
    yield found
    found.close()


@pytest.mark.slow
def test_replies_may_be_awaited_in_any_order(worker: Worker) -> None:
    replies = [worker.send(Add(number, 1)) for number in range(5)]
    assert [reply.get() for reply in reversed(replies)] == [5, 4, 3, 2, 1]
    assert [reply.get() for reply in replies] == [1, 2, 3, 4, 5]


@pytest.mark.slow
def test_messages_and_answers_may_be_larger_than_a_pipe_buffers(worker: Worker) -> None:
    texts = [str(number) * 1_000_000 for number in range(5)]
    replies = [worker.send(Repeat(text)) for text in texts]
    assert [reply.get() for reply in replies] == texts


@pytest.mark.slow
def test_an_error_is_the_answer_to_its_message_alone(worker: Worker) -> None:
    replies = [worker.send(Fail(FtiError)), worker.send(Add(1, 1))]
    failed, added = (reply.get() for reply in replies)
    assert isinstance(failed, FtiError)
    assert str(failed) == "as demanded"
    assert added == 2


def test_an_error_of_poetry_is_the_answer_to_its_message_alone(worker: Worker) -> None:
    replies = [worker.send(Fail(RecursionError)), worker.send(Add(1, 1))]
    failed, added = (reply.get() for reply in replies)
    assert isinstance(failed, FtiError)
    assert str(failed) == "Poetry's solver failed: as demanded (RecursionError)"
    assert added == 2


@needs_fork
def test_a_process_handles_its_messages_itself(process: ProcessWorker) -> None:
    assert process.send(Process()).get() != os.getpid()


@needs_fork
@pytest.mark.parametrize(
    ("raised", "received"), [(ZeroDivisionError,) * 2, (UnpicklableError, RuntimeError)]
)
def test_an_unexpected_exception_is_raised_where_the_answer_is_awaited(
    process: ProcessWorker, raised: type[Exception], received: type[Exception]
) -> None:
    reply = process.send(Fail(raised))
    with pytest.raises(received, match=r"^as demanded$"):
        reply.get()


@pytest.mark.slow
@needs_fork
def test_a_process_that_ends_is_named_as_the_cause(process: ProcessWorker) -> None:
    reply = process.send(Die())
    with pytest.raises(FtiError) as error:
        reply.get()
    assert str(error.value) == (
        "A process that was solving stages has ended; perhaps memory ran out."
    )


@dataclass(frozen=True)
class Ends:
    """The two ends of a connection that a worker process has, with its messages in advance."""

    messages: Connection
    answers: Connection

    def recv(self) -> object:
        return self.messages.recv()

    def send(self, answer: object) -> None:
        self.answers.send(answer)


def served(*messages: object) -> list[object]:
    """Return the answers of the loop that a worker process runs, which is run in this one."""
    theirs, ours = Pipe(duplex=False)
    results, answers = Pipe(duplex=False)
    with theirs, results:
        with ours:
            for message in messages:
                ours.send(message)
        ending, threads = (signal.SIGINT, signal.SIGTERM), threading.enumerate()
        before = [signal.getsignal(number) for number in ending]
        try:
            with answers:
                ends = cast("Connection", Ends(theirs, answers))
                _serve(ends, [], RepositoryPool(), RequestsUnderWay(), True)  # noqa: FBT003 - as Process passes it
        finally:
            for number, handler in zip(ending, before, strict=True):
                signal.signal(number, handler)
            # One that still reads would read from the next pipe with the same descriptor.
            for thread in set(threading.enumerate()).difference(threads):
                thread.join()
        return list(_received(results))


def _received(connection: Connection) -> Iterator[object]:
    with suppress(EOFError):
        while True:
            yield connection.recv()


def test_the_loop_of_a_process_ends_with_its_connection() -> None:
    assert served() == []
    assert served(Add(1, 2), Repeat("text")) == [HandledReply(3), HandledReply("text")]


@pytest.mark.parametrize("error", [ZeroDivisionError, UnpicklableError])
def test_the_loop_of_a_process_ends_with_an_unexpected_exception(error: type[Exception]) -> None:
    answered, last = served(Add(1, 2), Fail(error), Add(3, 4))
    assert answered == HandledReply(3)
    assert (type(last), str(last)) == (
        RuntimeError if error is UnpicklableError else error,
        "as demanded",
    )
