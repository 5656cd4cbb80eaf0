"""Finds the commit that contains a lock, in a project's git repository."""

from __future__ import annotations

import hashlib
import os
import subprocess
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.ports.git_process import ENVIRONMENT, git_command

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path, PurePosixPath

_MOST: Final = 1000  # commits that have changed the file, newest first
_LARGEST: Final = 64 << 20


def commit_with_lock(root: Path, lock: PurePosixPath, digest: str) -> str | None:
    """Return the newest commit in which a lock has a digest (`sha256:…`).

    `lock` is the path from the project's folder `root`; line ends are ignored. Returns an empty
    string if no commit has such a lock, None if that is not known: there is no git or no
    repository, or the repository is a shallow or partial clone that lacks it.
    """
    if "\n" in str(lock):
        return None
    try:
        command = git_command(root)
    except FtiError:
        return None
    commits = _commits(command, lock)
    if commits is None:
        return None
    found = _first(command, commits, lock, digest)
    return None if not found and _is_partial(command) else found


def _is_partial(command: list[str]) -> bool:
    """Return whether a clone may lack commits (`--depth`) or contents of files (`--filter`)."""
    shallow = _run(command, "rev-parse", "--is-shallow-repository").stdout.strip() == "true"
    return (
        shallow
        or _run(command, "config", "--get-regexp", r"^remote\..*\.promisor$").returncode == 0
    )


def _commits(command: list[str], lock: PurePosixPath) -> list[str] | None:
    """Return the commits that have changed a file on any branch, newest first."""
    words = ["rev-list", "--all", "--full-history", f"--max-count={_MOST}", "--", f"./{lock}"]
    result = _run(command, *words)
    return None if result.returncode else result.stdout.split()


def _run(command: list[str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - fixed commands, no shell
        [*command, *words],
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        check=False,
        encoding="ascii",
        errors="replace",
        stdin=subprocess.DEVNULL,
    )


def _first(command: list[str], commits: Iterable[str], lock: PurePosixPath, digest: str) -> str:
    with subprocess.Popen(  # noqa: S603 - fixed commands, no shell
        [*command, "cat-file", "--batch"],
        env={**os.environ, **ENVIRONMENT},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin  # noqa: S101 - pipes were requested
        assert process.stdout  # noqa: S101
        try:
            for commit in commits:
                content = _content(process.stdin, process.stdout, f"{commit}:./{lock}")
                if f"sha256:{hashlib.sha256(content).hexdigest()}" == digest:
                    return commit
        except (OSError, ValueError):
            return ""
        finally:
            process.kill()
            with suppress(OSError):
                process.stdin.close()
    return ""


def _content(requests: IO[bytes], answers: IO[bytes], name: str) -> bytes:
    """Return a file of a commit with Unix line ends; empty if the commit does not have it.

    Raises ValueError for an answer in another form, or for a file that is too large.
    """
    requests.write(f"{name}\n".encode())
    requests.flush()
    answer = answers.readline()
    if answer.endswith(b" missing\n"):
        return b""
    size = int(answer.split()[-1]) if answer.strip() else _LARGEST + 1
    if size > _LARGEST:
        message = f"{name} cannot be read"
        raise ValueError(message)
    content = answers.read(size + 1)[:size]
    return content.replace(b"\r\n", b"\n")
