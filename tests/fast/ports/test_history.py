"""The commits that changed certain files: first parents, limits, and unusual names and settings."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import pytest

from git_program import commit_all, git
from poetry_fti.errors import FtiError
from poetry_fti.ports.git import Repository
from poetry_fti.ports.history import Commit, commits_of, is_shallow

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

NAMES: Final = (PurePosixPath("a [x]*.lock"), PurePosixPath("fti/b.lock"))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository in which each of the two files has been changed in a commit of its own."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / "fti").mkdir()
    for name in NAMES:
        (tmp_path / name).write_text("1", encoding="utf-8")
        git(tmp_path, "add", "--all")
        subject = f"Lock\x1f {name.name} <é>"
        git(tmp_path, "commit", "--quiet", "--message", subject, "--date", "2026-01-02T00:00:00Z")
    (tmp_path / "a x.lock").write_text("1", encoding="utf-8")
    commit_all(tmp_path)
    return Repository(tmp_path)


def test_commits_are_returned_newest_first(repository: Repository) -> None:
    date = git(repository.top, "log", "-1", "--format=%cs")
    second, first = git(repository.top, "rev-list", "--skip=1", "HEAD").split()
    assert commits_of(repository, NAMES, 9) == (
        Commit(hash=second, short=second[:10], date=date, subject="Lock\x1f b.lock <é>"),
        Commit(hash=first, short=first[:10], date=date, subject="Lock\x1f a [x]*.lock <é>"),
    )


def test_no_more_commits_than_wanted_are_returned(repository: Repository) -> None:
    assert [each.subject for each in commits_of(repository, NAMES, 1)] == ["Lock\x1f b.lock <é>"]


def test_a_merged_branch_is_the_commit_that_merges_it(repository: Repository) -> None:
    top = repository.top
    git(top, "checkout", "--quiet", "-b", "topic")
    for text in ("2", "3"):
        (top / NAMES[0]).write_text(text, encoding="utf-8")
        commit_all(top)
    git(top, "checkout", "--quiet", "-")
    git(top, "merge", "--quiet", "--no-ff", "--message", "Merge topic", "topic")
    subjects = [each.subject for each in commits_of(repository, NAMES[:1], 9)]
    assert subjects == ["Merge topic", "Lock\x1f a [x]*.lock <é>"]


def test_settings_of_the_repository_do_not_change_the_result(repository: Repository) -> None:
    expected = commits_of(repository, NAMES, 9)
    for key, value in {
        "log.showSignature": "true",
        "gpg.program": "no-such-program",
        "log.follow": "true",
        "log.decorate": "full",
        "color.ui": "always",
        "i18n.logOutputEncoding": "latin1",
        "log.date": "raw",
        "core.abbrev": "40",
    }.items():
        git(repository.top, "config", key, value)
    assert commits_of(repository, NAMES, 9) == expected
    assert commits_of(repository, NAMES[:1], 9) == expected[1:]


def test_a_shallow_clone_is_recognized(repository: Repository, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", repository.top.as_uri(), str(clone))
    assert is_shallow(Repository(clone))
    assert not is_shallow(repository)


def test_there_may_be_no_commit_yet(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    assert commits_of(Repository(tmp_path), NAMES, 9) == ()


def test_git_s_message_is_that_of_the_error(repository: Repository) -> None:
    # A broken object of the history.
    first = git(repository.top, "rev-list", "--skip=1", "-1", "HEAD")
    (repository.top / ".git/objects" / first[:2] / first[2:]).unlink()
    with pytest.raises(FtiError, match="git cannot read the repository of"):
        commits_of(repository, NAMES, 9)
