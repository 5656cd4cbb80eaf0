"""requirements.txt: a stage's packages for pip and uv, with hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.exporters import StageExporter
from poetry_fti.exporters.shared.build_constraints import (
    build_constraint_files,
    build_constraints_note,
)
from poetry_fti.exporters.shared.header import header
from poetry_fti.exporters.shared.reference import in_order, marked, reference
from poetry_fti.exporters.shared.via import requiring, via_lines
from poetry_fti.model import DirectoryOrigin, FileOrigin, GitOrigin
from poetry_fti.urls import public_url, quoted_url, untrusted_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from poetry_fti.exporters.shared.via import Requiring
    from poetry_fti.model import IndexOrigin, LockedPackage, LockedStage

REQUIREMENTS: Final = "requirements.txt"
SOURCES: Final = "requirements.sources.txt"


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return requirements.txt, and requirements.sources.txt if the stage has source trees.

    If any requirement has a hash, pip requires hashes of all. Source trees and git repositories
    have none, so they are written to a file of their own.
    """
    hashed = any(package.files for package in locked.packages)
    sources = [package for package in locked.packages if hashed and _is_tree(package)]
    others = [package for package in locked.packages if not (hashed and _is_tree(package))]
    texts = {REQUIREMENTS: _text(locked, others, _root_note(others))}
    if sources:
        texts[SOURCES] = _text(locked, sources, _sources_note(locked))
    return {**texts, **build_constraint_files(locked)}


def requirements_text(locked: LockedStage, note: str, *, every_file: bool = False) -> str:
    """Return requirements of the packages that have hashes, below the comment `note`.

    With `every_file`, they include the hashes of locked files that fit no target of the stage.
    """
    hashed = [package for package in locked.packages if not _is_tree(package)]
    return _lines([note, *_options(locked.indexes)], hashed, every_file=every_file)


def _is_tree(package: LockedPackage) -> bool:
    return isinstance(package.origin, DirectoryOrigin | GitOrigin)


def _root_note(packages: Iterable[LockedPackage]) -> Iterator[str]:
    if any(isinstance(package.origin, DirectoryOrigin | FileOrigin) for package in packages):
        yield "# Install from the project's root."


def _sources_note(locked: LockedStage) -> Iterator[str]:
    command = f"pip install --no-deps -r {locked.folder / SOURCES}"
    yield f"# Source trees have no hash to check. Install from the project's root: {command}"


def _text(locked: LockedStage, packages: Sequence[LockedPackage], note: Iterable[str]) -> str:
    constrained = build_constraints_note(locked, packages)
    top = [header(locked), *note, *constrained, *_options(locked.indexes)]
    return _lines(top, packages, via=requiring(locked) if locked.via else {})


def _lines(
    top: Sequence[str],
    packages: Iterable[LockedPackage],
    *,
    every_file: bool = False,
    via: Requiring | None = None,
) -> str:
    lines = [
        line
        for package in in_order(packages)
        for line in (
            _line(package, package.digests if every_file else ()),
            *via_lines(package, via or {}),
        )
    ]
    return "\n".join([*top, "", *lines] if lines else top) + "\n"


def _options(indexes: Sequence[IndexOrigin]) -> Iterator[str]:
    others = [index for index in indexes if index.name is not None and index.url]
    for position, index in enumerate(others):
        first = position == 0 and len(others) == len(indexes)
        yield f"{'--index-url' if first else '--extra-index-url'} {_index_url(index)}"
    hosts = [untrusted_host(_index_url(index)) for index in others]
    yield from (f"--trusted-host {host}" for host in dict.fromkeys(hosts) if host)


def _index_url(index: IndexOrigin) -> str:
    return quoted_url(public_url(index.url or ""))


def _line(package: LockedPackage, digests: Iterable[str]) -> str:
    digests = {*digests, *(file.digest for file in package.files)}
    hashes = sorted(f"--hash={digest}" for digest in digests)
    return " \\\n    ".join([marked(reference(package), package), *hashes])


EXPORTER: Final = StageExporter(REQUIREMENTS, files, can_omit_hashes=True, can_omit_markers=True)
