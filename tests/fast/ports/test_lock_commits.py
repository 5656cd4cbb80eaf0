"""Finding the commit of a lock."""

from __future__ import annotations

from hashlib import sha256
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import pytest

from git_program import git
from poetry_fti.ports.lock_commits import commit_with_lock

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

LOCK: Final = PurePosixPath("fti/training/poetry.lock")


def commit(root: Path, text: str) -> str:
    lock = root / LOCK
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_bytes(text.encode())
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", text)
    return git(root, "rev-parse", "HEAD")


def digest(text: str) -> str:
    return f"sha256:{sha256(text.encode()).hexdigest()}"


def test_the_newest_commit_with_a_lock_is_found(tmp_path: Path) -> None:
    root = tmp_path / "project"  # below the root of the repository
    root.mkdir()
    git(tmp_path, "init", "--quiet")
    first = commit(root, "one\r\ntwo\n")
    second = commit(root, "x" * 100_000)
    (root / LOCK).unlink()
    git(root, "commit", "--all", "--quiet", "--message", "removed")
    git(root, "checkout", "--quiet", "-b", "other", first)
    third = commit(root, "three")
    git(root, "checkout", "--quiet", second)
    found = [commit_with_lock(root, LOCK, digest(text)) for text in ("one\ntwo\n", "x" * 100_000)]
    assert found == [first, second]
    assert commit_with_lock(root, LOCK, digest("three")) == third
    assert commit_with_lock(root, LOCK, digest("four")) == ""
    assert commit_with_lock(root, PurePosixPath("other/poetry.lock"), digest("three")) == ""


def test_without_a_repository_or_git_the_commit_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit_with_lock(tmp_path, LOCK, digest("one")) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_with_lock(tmp_path, LOCK, digest("one")) is None


@pytest.mark.parametrize("option", ["--depth=1", "--filter=blob:none"])
def test_in_a_clone_without_the_history_the_commit_is_not_known(
    tmp_path: Path, option: str
) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "--quiet")
    git(root, "config", "uploadpack.allowFilter", "true")
    commit(root, "one")
    second = commit(root, "two")
    git(tmp_path, "clone", "--quiet", option, root.as_uri(), "clone")
    assert commit_with_lock(tmp_path / "clone", LOCK, digest("two")) == second
    assert commit_with_lock(tmp_path / "clone", LOCK, digest("one")) is None


def test_nothing_of_the_repository_is_run(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    first = commit(tmp_path, "one")
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\n", encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / ".git/hooks").mkdir(exist_ok=True)
    for name in ("core.fsmonitor", "core.pager", "gpg.program", "diff.x.textconv"):
        git(tmp_path, "config", name, str(program))
    git(tmp_path, "config", "log.showSignature", "true")
    (tmp_path / ".gitattributes").write_text("* diff=x\n", encoding="utf-8")
    assert commit_with_lock(tmp_path, LOCK, digest("one")) == first
    assert not (tmp_path / "was-run").exists()
