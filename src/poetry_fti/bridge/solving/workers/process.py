"""A worker that solves its stages in a process of its own."""

from __future__ import annotations

import os
import signal
from collections import deque
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.reduction import ForkingPickler
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from poetry_fti.bridge.solving.workers.local import LocalWorker
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection

    from poetry.repositories import RepositoryPool

    from poetry_fti.bridge.index.prefetch.under_way import RequestsUnderWay
    from poetry_fti.bridge.solving.variants.variant import StageTask
    from poetry_fti.bridge.solving.workers.local import HandledReply
    from poetry_fti.bridge.solving.workers.messages import Message

_Answer = TypeVar("_Answer")


# A terminal or a supervisor sends them to all processes.
_ENDING: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def _blocked() -> Iterator[None]:
    """Delay the signals that end a command, which a new process would handle like its parent."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class ProcessWorker:
    """Solves stages in a forked process, which ends with this one; see `messages.Worker`."""

    is_concurrent: Final = True

    def __init__(
        self,
        tasks: Sequence[StageTask],
        pool: RepositoryPool,
        under_way: RequestsUnderWay,
        *,
        aligned: bool,
    ) -> None:
        """Start the process; no other thread may be running in this one."""
        context = get_context("fork")
        self._connection, theirs = context.Pipe()
        arguments = (theirs, tasks, pool, under_way, aligned)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        with _blocked():
            self._process.start()
        theirs.close()
        # The replies to come, in the order of their messages, which is that of the answers.
        self._pending = deque["Callable[[Connection], None]"]()

    def send(self, message: Message[_Answer]) -> PendingReply[_Answer]:
        """Have a message handled in the process; its reply may be awaited in any order."""
        self._connection.send(message)
        reply = PendingReply[_Answer](self.receive_next)
        self._pending.append(reply.receive)
        return reply

    def receive_next(self) -> None:
        """Wait for the next answer, and complete the reply that it belongs to.

        Raises FtiError if the process has ended, or the unexpected exception that ended it.
        """
        self._pending.popleft()(self._connection)

    def close(self) -> None:
        """Kill the process; do not wait until the system has released its memory."""
        self._process.kill()
        self._connection.close()


class PendingReply(Generic[_Answer]):
    """The reply to a message that another process handles; `receive_next` completes a reply."""

    def __init__(self, receive_next: Callable[[], None]) -> None:
        self._receive_next = receive_next
        self._handled: HandledReply[_Answer] | None = None

    def get(self) -> _Answer | FtiError:
        """Wait for the answer and return it, or the FtiError that handling the message raised.

        Also raises FtiError, if the process has ended unexpectedly.
        """
        while self._handled is None:
            self._receive_next()
        return self._handled.get()

    def receive(self, connection: Connection) -> None:
        """Read the answer; raises what `ProcessWorker.receive_next` raises."""
        try:
            received: HandledReply[_Answer] | BaseException = connection.recv()
        except EOFError:
            message = "A process that was solving stages has ended; perhaps memory ran out."
            raise FtiError(message) from None
        if isinstance(received, BaseException):
            raise received
        self._handled = received


def _serve(
    connection: Connection,
    tasks: Sequence[StageTask],
    pool: RepositoryPool,
    under_way: RequestsUnderWay,
    aligned: bool,  # noqa: FBT001 - Process passes arguments by position
) -> None:
    """Handle the messages of a connection until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process decides on an interrupt
    signal.signal(signal.SIGTERM, _end_soon)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    inbox = SimpleQueue["Message[object] | Exception"]()
    Thread(target=_exit_with_parent, daemon=True).start()
    Thread(target=_receive, args=(connection, inbox), daemon=True).start()
    try:
        worker = LocalWorker(tasks, pool, None, under_way, aligned=aligned)
        while True:
            connection.send(worker.send(_next(inbox)))
    except EOFError:
        return
    except Exception as error:  # noqa: BLE001 - the parent process raises it
        connection.send(_picklable(error))


def _end_soon(_number: int, _frame: object) -> None:
    """Leave it to the parent process for a second to kill this one, if both have been signalled."""
    signal.alarm(1)


def _receive(connection: Connection, inbox: SimpleQueue[Message[object] | Exception]) -> None:
    """Put the messages of a connection into a queue, and the exception that ends it.

    Each message is read as soon as it arrives. If both processes wrote more than a pipe buffers,
    and neither read, they would wait for each other forever.
    """
    try:
        while True:
            inbox.put(connection.recv())
    except Exception as error:  # noqa: BLE001 - `_next` raises it
        inbox.put(error)


def _next(inbox: SimpleQueue[Message[object] | Exception]) -> Message[object]:
    """Return the next message; raises EOFError if the connection is closed."""
    message = inbox.get()
    if isinstance(message, Exception):
        raise message
    return message


def _picklable(error: Exception) -> Exception:
    """Return an exception, or a RuntimeError with its text if it cannot be pickled."""
    try:
        ForkingPickler.loads(ForkingPickler.dumps(error))
    except Exception:  # noqa: BLE001 - an exception may have any object as an attribute
        return RuntimeError(str(error))
    return error


def _exit_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
