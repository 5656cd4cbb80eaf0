"""Reading git repositories: revisions, changed paths, and earlier contents."""

from __future__ import annotations

import os
import subprocess
from hashlib import sha256
from pathlib import Path, PurePosixPath

import pytest

from git_program import commit_all, git
from poetry_fti.errors import FtiError
from poetry_fti.ports.git import Repository, find_repository

pytestmark = pytest.mark.slow

FETCH = (
    "Fetch the history with `git fetch --unshallow` (GitHub Actions: `fetch-depth: 0` of"
    " actions/checkout; GitLab: the variable `GIT_DEPTH: 0`)."
)


def commit(root: Path, **files: str) -> str:
    for name, text in files.items():
        (root / name).write_text(text)
    return commit_all(root)


def changed(root: Path, revision: str) -> list[str]:
    repository = find_repository(root)
    return sorted(map(str, repository.changed(repository.base(revision))))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "--quiet")
    return root


def test_the_repository_of_a_folder_is_found(root: Path) -> None:
    (root / "a" / "b").mkdir(parents=True)
    top = Path(os.path.realpath(root))
    assert find_repository(root) == Repository(top)
    assert find_repository(root / "a" / "b") == Repository(top, PurePosixPath("a/b"))


def test_all_kinds_of_changes_are_returned_but_not_those_of_times(root: Path) -> None:
    names = ("staged", "unstaged", "deleted", "mode", "moved", "touched", "same")
    first = commit(root, **dict.fromkeys(names, "1\n"), **{".gitignore": "ignored\n"})
    commit(root, committed="2\n")
    (root / "staged").write_text("2\n")
    git(root, "add", "staged")
    git(root, "mv", "moved", "new name\N{SNOWMAN}")
    (root / "unstaged").write_text("2\n")
    (root / "deleted").unlink()
    (root / "mode").chmod(0o755)
    os.utime(root / "touched", (1, 1))
    (root / "untracked").write_text("1\n")
    (root / "ignored").write_text("1\n")
    assert changed(root, first) == [
        "committed",
        "deleted",
        "mode",
        "moved",
        "new name\N{SNOWMAN}",
        "staged",
        "unstaged",
        "untracked",
    ]


def test_a_change_that_was_reverted_is_none(root: Path) -> None:
    first = commit(root, a="1")
    commit(root, a="2")
    commit(root, a="1")
    assert changed(root, first) == []


def test_changes_of_another_branch_do_not_count(root: Path) -> None:
    first = commit(root, a="1", b="1")
    commit(root, a="2")
    git(root, "checkout", "--quiet", "-b", "other", first)
    commit(root, b="2")
    assert changed(root, "main") == ["b"]
    git(root, "merge", "--quiet", "main")
    assert changed(root, "main") == ["b"]
    git(root, "checkout", "--quiet", "--orphan", "unrelated")
    commit(root, b="3", c="1")
    assert changed(root, "main") == ["b", "c"]


def test_an_unfinished_merge_counts(root: Path) -> None:
    first = commit(root, a="1")
    commit(root, a="2")
    git(root, "checkout", "--quiet", "-b", "other", first)
    second = commit(root, a="3")
    with pytest.raises(subprocess.CalledProcessError):
        git(root, "merge", "main")
    assert changed(root, second) == ["a"]


@pytest.mark.parametrize("zeros", ["0" * 40, "0" * 64])
def test_before_the_first_commit_there_was_no_file(root: Path, zeros: str) -> None:
    (root / "a").write_text("1")
    assert changed(root, zeros) == ["a"]
    commit(root)
    assert changed(root, zeros) == ["a"]


def test_submodules_are_compared_by_file(root: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "--quiet")
    commit(library, a="1", b="1")
    commit(root, c="1")
    git(root, "submodule", "--quiet", "add", str(library), "sub")
    first = commit(root)
    assert changed(root, first) == []
    (root / "sub" / "a").write_text("2")
    assert changed(root, first) == ["sub/a"]
    commit(root / "sub", b="2")
    assert changed(root, first) == ["sub/a", "sub/b"]
    commit(root)
    assert changed(root, first) == ["sub/a", "sub/b"]
    git(root, "submodule", "--quiet", "deinit", "--force", "sub")
    assert changed(root, first) == ["sub"]


def test_a_hook_of_git_can_read_the_repository(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "project").mkdir()
    first = commit(root, a="1")
    (root / "a").write_text("2")
    for name in ("GIT_DIR", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, ".git")
    repository = find_repository(root / "project")
    assert repository.prefix == PurePosixPath("project")
    assert repository.changed(first) == {PurePosixPath("a")}


def test_contents_are_those_of_the_commit(root: Path) -> None:
    first = commit(root, **{"a": "1\r\n", "b*": "2", "bb": "3", "empty": ""})
    commit(root, a="other")
    repository = find_repository(root)
    names = [PurePosixPath(name) for name in ("a", "b*", "empty", "missing", "a/b")]
    assert repository.contents(first, names) == {
        PurePosixPath("a"): b"1\r\n",
        PurePosixPath("b*"): b"2",
        PurePosixPath("empty"): b"",
    }
    assert repository.contents(first, []) == {}


@pytest.mark.skipif(os.name == "nt", reason="the program is a shell script")
def test_no_program_of_the_repository_is_run(root: Path, tmp_path: Path) -> None:
    trace, program = tmp_path / "trace", tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho run >> {trace}\ncat\n")
    program.chmod(0o755)
    first = commit(root, a="1", b="1", **{".gitattributes": "* filter=evil diff=evil\n"})
    hooks = root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "post-checkout", "fsmonitor-watchman"):
        (hooks / hook).write_bytes(program.read_bytes())
        (hooks / hook).chmod(0o755)
    for key in ("clean", "smudge", "process"):
        git(root, "config", f"filter.evil.{key}", str(program))
    git(root, "config", "filter.evil.required", "true")
    for key in ("core.fsmonitor", "diff.external", "diff.evil.textconv", "diff.evil.command"):
        git(root, "config", key, str(program))
    (root / "a").write_text("2")
    os.utime(root / "b", (1, 1))
    trace.unlink(missing_ok=True)
    assert changed(root, first) == ["a"]
    assert find_repository(root).contents(first, [PurePosixPath("a")])
    assert not trace.exists()


def test_files_in_git_lfs_are_compared_without_git_lfs(root: Path) -> None:
    pointer = (
        "version https://git-lfs.github.com/spec/v1\n"
        f"oid sha256:{sha256(b'model').hexdigest()}\nsize 5\n"
    )
    first = commit(root, same=pointer, other=pointer)
    git(root, "config", "filter.lfs.clean", "git-lfs clean -- %f")
    (root / "same").write_text("model")
    (root / "other").write_text("edited")
    assert changed(root, first) == ["other"]


def test_an_unknown_revision_is_an_error(root: Path, tmp_path: Path) -> None:
    commit(root, a="1")
    git(root, "branch", "release")
    git(tmp_path, "clone", "--quiet", str(root), "clone")
    for revision in ("nowhere", "--all", "", "HEAD~1", "HEAD:a"):
        with pytest.raises(FtiError) as caught:
            changed(root, revision)
        assert str(caught.value) == (
            f'There is no git revision "{revision}". Name a branch, a tag or a commit of this'
            " repository."
        )
    with pytest.raises(FtiError) as caught:
        changed(tmp_path / "clone", "release")
    expected = 'There is no git revision "release". Did you mean "origin/release"?'
    assert str(caught.value) == expected


def test_a_repository_without_commits_has_no_revision(root: Path) -> None:
    with pytest.raises(FtiError) as caught:
        changed(root, "HEAD")
    top = os.path.realpath(root)
    assert str(caught.value) == (
        f'There is no git revision "HEAD": the repository of {top} has no commit yet.'
    )


def test_a_shallow_clone_is_an_error_with_the_command_that_fetches(
    root: Path, tmp_path: Path
) -> None:
    first = commit(root, a="1")
    git(root, "checkout", "--quiet", "-b", "other")
    commit(root, b="1")
    git(root, "checkout", "--quiet", "main")
    commit(root, a="2")
    words = ("clone", "--quiet", "--depth=1", "--no-single-branch", root.as_uri(), "clone")
    git(tmp_path, *words)
    with pytest.raises(FtiError) as caught:
        changed(tmp_path / "clone", first)
    assert str(caught.value) == (
        f'The git revision "{first}" is not in this clone, which is shallow. {FETCH}'
    )
    with pytest.raises(FtiError) as caught:
        changed(tmp_path / "clone", "origin/other")
    assert str(caught.value) == (
        f'This clone is shallow, and lacks the common ancestor of "origin/other" and HEAD. {FETCH}'
    )


def test_a_clone_of_one_branch_names_the_commands_that_fetch_the_others(
    root: Path, tmp_path: Path
) -> None:
    commit(root, a="1")
    git(root, "branch", "other")
    commit(root, a="2")
    git(tmp_path, "clone", "--quiet", "--depth=1", root.as_uri(), "clone")
    clone = tmp_path / "clone"
    with pytest.raises(FtiError) as caught:
        changed(clone, "origin/other")
    both = 'with `git remote set-branches origin "*"` and `git fetch --unshallow`'
    assert str(caught.value) == (
        'The git revision "origin/other" is not in this clone, which is shallow.'
        f" {FETCH.replace('with `git fetch --unshallow`', both)}"
    )
    git(clone, "fetch", "--quiet", "--unshallow")
    with pytest.raises(FtiError) as caught:
        changed(clone, "origin/other")
    assert str(caught.value) == (
        'There is no git revision "origin/other". Name a branch, a tag or a commit of this'
        ' clone, which lacks branches. Fetch them with `git remote set-branches origin "*"` and'
        " `git fetch`."
    )
    git(clone, "remote", "set-branches", "origin", "*")
    git(clone, "fetch", "--quiet")
    assert changed(clone, "origin/other") == ["a"]


def test_a_partial_clone_without_a_content_is_an_error(root: Path, tmp_path: Path) -> None:
    first = commit(root, a="1")
    commit(root, a="2")
    git(root, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", root.as_uri(), "clone")
    clone = tmp_path / "clone"
    assert changed(clone, first) == ["a"]
    with pytest.raises(FtiError) as caught:
        find_repository(clone).contents(first, [PurePosixPath("a")])
    expected = f"a of the git commit {first} cannot be read: it is not in this partial clone."
    assert str(caught.value) == expected


def test_a_folder_without_a_repository_and_a_lack_of_git_are_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(FtiError) as caught:
        find_repository(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} is not in a git repository. Run `git init`, or change to a clone."
    )
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FtiError) as caught:
        find_repository(tmp_path)
    expected = "The program git is not installed, or not on PATH. Install it."
    assert str(caught.value) == expected
