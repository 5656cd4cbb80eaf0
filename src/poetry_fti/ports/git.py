"""A git repository, read with the git program: revisions, changed paths, and earlier contents."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.ports.fetching import fetch_history, place_of_branches
from poetry_fti.ports.git_process import git_failure, run_git
from poetry_fti.reading import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_ZEROS: Final = re.compile(r"0{40}|0{64}")
_SUBMODULE: Final = "160000"
_LARGEST: Final = 64 << 20
# What git stores in place of a file that is kept in Git LFS.
_POINTER: Final = re.compile(rb"version https://git-lfs.*\noid sha256:([0-9a-f]{64})\nsize \d+\n")
_LARGEST_POINTER: Final = 1024


@dataclass(frozen=True, slots=True)
class _Difference:
    """A path whose contents differ between a commit and the working tree."""

    path: PurePosixPath
    mode: str
    blob: str
    status: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository: `top` is the root of its working tree.

    `prefix` is the path of the project's folder in it. All other paths are relative to `top`.
    """

    top: Path
    prefix: PurePosixPath = PurePosixPath()

    def base(self, revision: str) -> str:
        """Return the commit that changes since a revision are relative to.

        That is the best common ancestor of the revision and HEAD, as with `git diff REV...`, so
        that later changes on the other branch are not counted; or the revision itself if they have
        no common history. For the hash of zeros, with which CI systems name the state before the
        first commit, the empty tree is returned. Raises FtiError for an unknown revision, and for a
        shallow clone that lacks the commits, with the command that fetches them.
        """
        if _ZEROS.fullmatch(revision):
            return self._git("hash-object", "-t", "tree", "--stdin").decode().strip()
        commit = self.commit(revision)
        result = run_git(self.top, "merge-base", commit, "HEAD")
        if result.returncode == 0:
            return result.stdout.decode().strip()
        if self._is_shallow():
            message = f'This clone is shallow, and lacks the common ancestor of "{revision}" and'
            raise FtiError(f"{message} HEAD. {fetch_history(self._refspecs())}")
        return commit

    def commit(self, revision: str) -> str:
        """Return the commit of a revision.

        Raises FtiError for an unknown revision; in a shallow clone with the command to fetch it.
        """
        if found := self._resolved(revision):
            return found
        if self._is_shallow():
            message = f'The git revision "{revision}" is not in this clone, which is shallow.'
            raise FtiError(f"{message} {fetch_history(self._refspecs())}")
        if not self._resolved("HEAD"):
            message = f'There is no git revision "{revision}": the repository of {self.top} has no'
            raise FtiError(f"{message} commit yet.")
        where = place_of_branches(self._refspecs())
        hint = f"Name a branch, a tag or a commit of {where}."
        if self._resolved(f"origin/{revision}"):
            hint = f'Did you mean "origin/{revision}"?'
        raise FtiError(f'There is no git revision "{revision}". {hint}')

    def changed(self, commit: str) -> frozenset[PurePosixPath]:
        """Return the paths whose contents or modes differ between a commit and the working tree.

        Staged and other uncommitted changes count, as do untracked files that are not ignored. A
        renamed file has its old and its new path. Submodules are compared file by file; one that
        lacks the old commit, or is not checked out, is returned as one path if it differs.
        """
        untracked = self._git("ls-files", "--others", "--exclude-standard", "-z")
        found = {_path(name) for name in untracked.split(b"\0") if name}
        filters = self._filters()
        differing = list(self._differing(commit, filters))
        submodules = self._submodules()
        for each in differing:
            if each.mode == _SUBMODULE:
                submodules[each.path] = each.blob
        plain = [each for each in differing if each.path not in submodules]
        same = self._same_as_pointers(plain) if filters else frozenset()
        found.update(each.path for each in plain if each.path not in same)
        reported = {each.path for each in differing}
        for path, old in submodules.items():
            found.update(self._in_submodule(path, old, is_reported=path in reported))
        return frozenset(found)

    def contents(
        self, commit: str, paths: Iterable[PurePosixPath]
    ) -> Mapping[PurePosixPath, bytes]:
        """Return the contents of files in a commit, without paths that it does not have.

        Raises FtiError for a file of more than 64 MiB, and for one that a partial clone lacks.
        """
        wanted = {str(path) for path in paths}
        if not wanted:
            return {}
        words = ("ls-tree", "-r", "-z", "--full-tree", commit, "--", *sorted(wanted))
        blobs: dict[PurePosixPath, str] = {}
        for entry in self._git(*words).split(b"\0"):
            fields, _, name = entry.partition(b"\t")
            if name and os.fsdecode(name) in wanted and fields.split()[1] == b"blob":
                blobs[_path(name)] = fields.split()[2].decode()
        sizes = self._sizes(list(blobs.values()))
        for path, blob in blobs.items():
            if sizes.get(blob, _LARGEST + 1) > _LARGEST:
                why = "is larger than 64 MiB" if blob in sizes else "is not in this partial clone"
                raise FtiError(f"{path} of the git commit {commit} cannot be read: it {why}.")
        return dict(zip(blobs, self._blobs(list(blobs.values())), strict=True))

    def _resolved(self, revision: str) -> str:
        """Return the hash of a revision's commit; empty if there is none."""
        if revision.startswith("-") or "\0" in revision:
            return ""
        result = run_git(self.top, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        return "" if result.returncode else result.stdout.decode().strip()

    def _refspecs(self) -> str:
        return run_git(self.top, "config", "--get-all", "remote.origin.fetch").stdout.decode()

    def _is_shallow(self) -> bool:
        return self._git("rev-parse", "--is-shallow-repository").strip() == b"true"

    def _differing(self, commit: str, filters: Sequence[str]) -> Iterator[_Difference]:
        form = ("--raw", "-z", "--no-abbrev", "--no-renames", "--no-relative")
        safe = ("--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty")
        fields = iter(self._git("diff", *form, *safe, commit, "--", settings=filters).split(b"\0"))
        for words in fields:
            if words:
                mode, _, blob, _, status = words.decode().split()
                yield _Difference(_path(next(fields)), mode.lstrip(":"), blob, status)

    def _filters(self) -> list[str]:
        """Return settings that turn off all filters, which are programs that convert files."""
        found = run_git(self.top, "config", "--null", "--name-only", "--get-regexp", r"^filter\.")
        names = {os.fsdecode(key).rpartition(".")[0] for key in found.stdout.split(b"\0") if key}
        for name in sorted(names):
            if "=" in name:
                raise FtiError(f'The git setting "{name}" cannot be turned off. Rename the filter.')
        off = ("clean=", "smudge=", "process=", "required=false")
        return [f"{name}.{setting}" for name in sorted(names) for setting in off]

    def _same_as_pointers(self, differing: Sequence[_Difference]) -> frozenset[PurePosixPath]:
        """Return the files that only differ because git stores pointers of Git LFS for them."""
        modified = [each for each in differing if each.status == "M"]
        sizes = self._sizes([each.blob for each in modified])
        small = [each for each in modified if sizes.get(each.blob, _LARGEST) <= _LARGEST_POINTER]
        contents = self._blobs([each.blob for each in small])
        return frozenset(
            each.path
            for each, content in zip(small, contents, strict=True)
            if (pointer := _POINTER.fullmatch(content))
            and pointer[1].decode() == _digest(self.top / each.path)
        )

    def _submodules(self) -> dict[PurePosixPath, str]:
        """Return the commits of the submodules in the index by path."""
        if not (self.top / ".gitmodules").exists():
            return {}
        found = {}
        for entry in self._git("ls-files", "--stage", "-z").split(b"\0"):
            fields, _, name = entry.partition(b"\t")
            if fields.startswith(_SUBMODULE.encode()):
                found[_path(name)] = fields.split()[1].decode()
        return found

    def _in_submodule(
        self, path: PurePosixPath, old: str, *, is_reported: bool
    ) -> Iterator[PurePosixPath]:
        if (self.top / path / ".git").exists():
            try:
                yield from (path / each for each in Repository(self.top / path).changed(old))
            except FtiError:  # the old commit has not been fetched
                yield path
        elif is_reported:
            yield path

    def _sizes(self, blobs: Sequence[str]) -> dict[str, int]:
        """Return the sizes of blobs in bytes, without those that a partial clone lacks."""
        # Newer git programs stop at a blob that they would have to fetch; it is missing as well.
        text = run_git(self.top, "cat-file", "--batch-check", data="".join(f"{b}\n" for b in blobs))
        lines = (line.split() for line in text.stdout.decode().splitlines())
        return {words[0]: int(words[2]) for words in lines if words[-1] != "missing"}

    def _blobs(self, blobs: Sequence[str]) -> Iterator[bytes]:
        """Yield the contents of blobs that exist."""
        text = self._git("cat-file", "--batch", data="".join(f"{b}\n" for b in blobs))
        start = 0
        for _ in blobs:
            end = text.index(b"\n", start)
            size = int(text[start:end].split()[2])
            yield text[end + 1 : end + 1 + size]
            start = end + size + 2

    def _git(self, *words: str, settings: Sequence[str] = (), data: str = "") -> bytes:
        result = run_git(self.top, *words, settings=settings, data=data)
        if result.returncode:
            raise FtiError(git_failure(self.top, result.stderr))
        return result.stdout


def find_repository(folder: Path) -> Repository:
    """Return the repository that contains a project's folder.

    Raises FtiError if there is no git program, no repository, or if git refuses to read it.
    """
    result = run_git(folder, "rev-parse", "--show-toplevel", "--show-prefix")
    if result.returncode:
        raise FtiError(git_failure(folder, result.stderr))
    top, prefix = os.fsdecode(result.stdout).split("\n")[:2]
    return Repository(Path(top), PurePosixPath(prefix))


def _path(name: bytes) -> PurePosixPath:
    return PurePosixPath(os.fsdecode(name))


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits; empty if it is no regular file."""
    digest = hashlib.sha256()
    try:
        with open_regular(path) as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError:
        return ""
    return digest.hexdigest()
