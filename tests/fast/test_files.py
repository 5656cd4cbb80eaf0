"""Writing files: all or none, each whole, nothing left behind, whatever happens when."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import pytest

from harness import snapshot
from mounts import mounted
from poetry_fti import files
from poetry_fti.errors import ChangedFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def test_only_files_that_differ_are_written(tmp_path: Path) -> None:
    same, other, new = (tmp_path / name for name in ("same", "other", "folder/new"))
    same.write_text("a\n", encoding="utf-8")
    other.write_text("b\n", encoding="utf-8")
    before = same.stat()
    assert files.replace({same: "a\n", other: "c\n", new: "ü\n"}, tmp_path) == (other, new)
    after = same.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert snapshot(tmp_path) == {"same": b"a\n", "other": b"c\n", "folder/new": "ü\n".encode()}


def test_line_ends_are_kept_and_no_difference(tmp_path: Path) -> None:
    same, windows, mixed = (tmp_path / name for name in ("same", "windows", "mixed"))
    for path, content in ((same, b"a\r\nb\r\n"), (windows, b"a\r\n"), (mixed, b"a\r\nb\n")):
        path.write_bytes(content)
    assert not list(files.differences({PurePosixPath("same"): "a\nb\n"}, tmp_path))
    texts = {same: "a\nb\n", windows: "b\nc\r\n", mixed: "a\nc\n"}
    assert files.replace(texts, tmp_path, before={windows: "a\r\n"}) == (windows, mixed)
    assert snapshot(tmp_path) == {
        "same": b"a\r\nb\r\n",
        "windows": b"b\r\nc\r\n",
        "mixed": b"a\nc\n",
    }


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_a_new_file_has_usual_permissions_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    usual, old, new = (tmp_path / name for name in ("usual", "old", "new"))
    usual.touch()
    old.touch()
    old.chmod(0o640)
    files.replace({old: "x\n", new: "x\n"}, tmp_path)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (new, old)]
    assert modes == [stat.S_IMODE(usual.stat().st_mode), 0o640]


STEPS: Final = (
    (Path, "mkdir"),
    (Path, "open"),
    (os, "fsync"),
    (shutil, "copymode"),
    (Path, "replace"),
)


class Saboteur:
    """Raises a failure at, or just after, the n-th of the calls that change the disk."""

    def __init__(self, call: int, failure: BaseException, *, after: bool) -> None:
        self.calls = 0
        self._call, self._failure, self._after = call, failure, after

    def install(self, patch: pytest.MonkeyPatch) -> None:
        for owner, name in STEPS:
            patch.setattr(owner, name, self._sabotaged(getattr(owner, name)))

    def _sabotaged(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - stands for any function
            self.calls += 1
            if self.calls != self._call:
                return real(*args, **kwargs)
            if self._after:
                with suppress(OSError):
                    getattr(real(*args, **kwargs), "close", int)()
            raise self._failure

        return step


def replace_sabotaged(root: Path, saboteur: Saboteur) -> None:
    (root / "a").mkdir(parents=True)
    for name in ("a/x", "a/y"):
        (root / name).write_bytes(b"old\n")
    with pytest.MonkeyPatch.context() as patch:
        saboteur.install(patch)
        files.replace({root / name: "new\n" for name in ("a/x", "a/y", "b/c/z")}, root)


@pytest.mark.parametrize(
    "after",
    [pytest.param(False, id="before"), pytest.param(True, id="after", marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left")])
def test_wherever_it_stops_files_are_whole_and_no_other_is_left(
    tmp_path: Path, failure: BaseException, *, after: bool
) -> None:
    undisturbed = Saboteur(0, failure, after=after)
    replace_sabotaged(tmp_path / "0", undisturbed)
    assert undisturbed.calls > 3 * len(STEPS) - 3
    for call in range(1, undisturbed.calls + 1):
        root = tmp_path / str(call)
        with pytest.raises(type(failure)):
            replace_sabotaged(root, Saboteur(call, failure, after=after))
        found = snapshot(root)
        assert found.keys() - {"b/c/z"} == {"a/x", "a/y"}
        assert set(found.values()) <= {b"old\n", b"new\n"}
        assert found.get("b/c/z", b"new\n") == b"new\n"


def test_an_error_before_the_last_file_is_on_disk_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Saboteur(3, OSError(errno.ENOSPC, "No space left on device"), after=False)
    monkeypatch.setattr(os, "fsync", full._sabotaged(os.fsync))  # noqa: SLF001
    names = ("a", "b", "new/c")
    for name in names[:2]:
        (tmp_path / name).write_bytes(b"old\n")
    before = snapshot(tmp_path)
    with pytest.raises(OSError, match="No space left") as caught:
        files.replace({tmp_path / name: "new\n" for name in names}, tmp_path)
    assert caught.value.filename == str(tmp_path / "new/c")
    assert snapshot(tmp_path) == before
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("before", "now"), [("old\n", "edited\n"), (None, "new\n"), ("old\n", "")])
def test_a_file_that_was_changed_meanwhile_is_not_overwritten(
    tmp_path: Path, before: str | None, now: str
) -> None:
    other, lock = tmp_path / "other", tmp_path / "fti" / "poetry.lock"
    lock.parent.mkdir()
    lock.write_text(now, encoding="utf-8")
    with pytest.raises(ChangedFileError) as caught:
        files.replace({other: "x\n", lock: "x\n"}, tmp_path, before={lock: before})
    assert str(caught.value) == (
        "fti/poetry.lock was changed by another program while this command ran, and has not been"
        " overwritten. Rerun the command."
    )
    assert snapshot(tmp_path) == {"fti/poetry.lock": now.encode()}


@pytest.mark.parametrize(("before", "now"), [("old\n", "old\n"), (None, ""), ("old\n", "x\n")])
def test_a_file_that_has_the_expected_text_is_replaced(
    tmp_path: Path, before: str | None, now: str
) -> None:
    lock = tmp_path / "poetry.lock"
    lock.write_text(now, encoding="utf-8")
    files.replace({lock: "x\n"}, tmp_path, before={lock: before})
    assert snapshot(tmp_path) == {"poetry.lock": b"x\n"}


def test_what_a_killed_command_has_left_is_removed(tmp_path: Path) -> None:
    lock = tmp_path / "poetry.lock"
    files.replace({lock: "x\n"}, tmp_path)
    kept = (
        ".poetry.lock.tmp",
        ".poetry.lock.0123456.tmp",
        ".poetry.lock.0123abcg.tmp",
        ".poetry_lock.0123abcd.tmp",
        ".poetry.lock.0123abcd.tmp~",
        ".other.0123abcd.tmp",
    )
    for name in (*kept, ".poetry.lock.0123abcd.tmp", ".poetry.lock.89abcdef.tmp"):
        (tmp_path / name).touch()
    (tmp_path / ".poetry.lock.00000000.tmp").mkdir()  # not ours, and no reason to fail
    assert files.replace({lock: "x\n"}, tmp_path) == ()
    assert snapshot(tmp_path).keys() == {"poetry.lock", *kept}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB, where this may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted(disk, "-t", "tmpfs", "-o", "size=64k", "tmpfs"):
        yield disk


def test_a_full_disk(small_disk: Path) -> None:
    lock = small_disk / "poetry.lock"
    lock.write_text("old\n", encoding="utf-8")
    with pytest.raises(OSError, match="No space left") as caught:
        files.replace({small_disk / "other": "new\n", lock: "x" * 100_000}, small_disk)
    assert caught.value.filename == str(lock)
    assert snapshot(small_disk) == {"poetry.lock": b"old\n"}


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "fti").write_bytes(b"")
    with pytest.raises(OSError, match="fti"):
        files.replace({tmp_path / "fti" / "a" / "poetry.lock": "x\n"}, tmp_path)
    assert snapshot(tmp_path) == {"fti": b""}


def test_a_folder_for_a_while(tmp_path: Path) -> None:
    with files.folder(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b").is_dir()
    assert not (tmp_path / "a").exists()
    with files.folder(tmp_path / "a" / "b"):
        (tmp_path / "a" / "b" / "kept").touch()
    assert snapshot(tmp_path) == {"a/b/kept": b""}


HOLDER: Final = """
import sys
from pathlib import Path
from poetry_fti import files
with files.exclusive(Path(sys.argv[1]), lambda: print("waits", flush=True)):
    print("in", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(lock_file: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that is in, until its standard input ends."""
    command = [sys.executable, "-c", HOLDER, str(lock_file)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        yield process


@pytest.mark.slow
@pytest.mark.parametrize("end", ["close", "kill"])
def test_one_process_at_a_time(tmp_path: Path, end: str) -> None:
    lock_file = tmp_path / "cache" / "a.lock"
    events = []
    with holder(lock_file) as process:
        assert process.stdin is not None
        leave = process.kill if end == "kill" else process.stdin.close

        def waiting() -> None:
            events.append("waiting")
            leave()

        with files.exclusive(lock_file, waiting):
            events.append("in")
    with files.exclusive(lock_file, waiting):
        events.append("in")
    assert events == ["waiting", "in", "in"]


@pytest.mark.slow
def test_another_lock_file_is_another_lock(tmp_path: Path) -> None:
    with holder(tmp_path / "a.lock"), files.exclusive(tmp_path / "b.lock", pytest.fail):
        pass


def test_where_no_lock_file_can_be_nobody_is_kept_out(tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"")
    with files.exclusive(tmp_path / "cache" / "a.lock", pytest.fail):
        pass
    assert snapshot(tmp_path) == {"cache": b""}


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system that takes no change, where this may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted(disk, "-t", "tmpfs", "-o", "ro", "tmpfs"):
        yield disk


def test_on_a_read_only_disk_nobody_is_kept_out(read_only_disk: Path) -> None:
    with files.exclusive(read_only_disk / "cache" / "a.lock", pytest.fail):
        pass


def test_an_error_inside_is_raised_and_the_lock_released(tmp_path: Path) -> None:
    inside = OSError(errno.ENOSPC, "No space left")
    for _ in range(2):
        with (
            pytest.raises(OSError, match="No space") as caught,
            files.exclusive(tmp_path / "a.lock", pytest.fail),
        ):
            raise inside
        assert caught.value is inside


def test_differences_say_what_is_missing_and_what_is_otherwise(tmp_path: Path) -> None:
    (tmp_path / "same").write_bytes(b"a\n")
    (tmp_path / "other").write_bytes(b"a\nb\n")
    (tmp_path / "latin").write_bytes(b"caf\xe9\n")
    expected = {
        PurePosixPath("same"): "a\n",
        PurePosixPath("other"): "a\nc\n",
        PurePosixPath("absent"): "d\n",
        PurePosixPath("latin"): "caf\u00e9\n",
    }
    assert [each.diff for each in files.differences(expected, tmp_path)] == [
        "--- other (on disk)\n+++ other (expected)\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n",
        "--- absent (missing)\n+++ absent (expected)\n@@ -0,0 +1 @@\n+d\n",
        "--- latin (on disk)\n+++ latin (expected)\n@@ -1 +1 @@\n-caf\ufffd\n+caf\u00e9\n",
    ]
