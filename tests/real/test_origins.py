"""Two commits of one version, from a git repository on the loopback interface."""

from __future__ import annotations

import re
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from dulwich.server import FileSystemBackend
from dulwich.web import make_wsgi_chain

from git_library import GitLibrary
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness import Poetry

pytestmark = pytest.mark.newest_only


class QuietHandler(WSGIRequestHandler):
    """Logs no requests."""

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def served(repository: Path) -> Iterator[str]:
    """Serve a git repository over HTTP; yield its URL."""
    application = make_wsgi_chain(FileSystemBackend())
    with make_server("127.0.0.1", 0, application, handler_class=QuietHandler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{repository.as_posix()}"
        finally:
            server.shutdown()
            thread.join()


def test_commits_of_one_version_are_different(poetry: Poetry, tmp_path: Path) -> None:
    library, root = GitLibrary(tmp_path / "feats"), tmp_path / "demo"
    root.mkdir()

    def write(training: str, settings: str = "") -> None:
        groups = {"feature": [f"feats @ git+{url}@v0.3.0"], "training": [training]}
        text = pyproject(groups, settings)
        (root / "pyproject.toml").write_text(text, encoding="utf-8")

    def lines(*words: str) -> list[str]:
        return re.sub(r" in \d+\.\d s", "", poetry.ok(root, "fti", *words)).splitlines()

    old = library.commit("WINDOW = 7")
    library.git("tag", "v0.3.0")
    new = library.commit("WINDOW = 14")
    with served(library.root) as url:
        branch = f"feats @ git+{url}@main"
        write(branch)
        assert lines("lock") == [
            "feature: locked 1 package",
            "training: locked 1 package",
            "",
            "1 package is shared between stages, at different versions or origins:",
            f"  feats 0.3.0 at {old} in feature, at {new} in training",
            "    pyproject.toml requires feats (direct reference)",
        ]
        newest = library.commit("WINDOW = 28")
        assert lines("update", "feats")[:3] == [
            "feature: locked 1 package, no version changed",
            "training: locked 1 package: 0 added, 0 removed, 1 updated",
            f"  ~ feats 0.3.0 {new} -> 0.3.0 {newest}",
        ]
        write(branch, '[[tool.fti.align]]\npackages = ["feats"]\n')
        refused = poetry(root, "fti", "lock")
        assert (refused.code, refused.output) == (1, "")
        assert refused.errors == (
            "feature: feature and training cannot agree as tool.fti.align demands:\n"
            f"  feats 0.3.0 at {old} in feature, at {newest} in training:"
            " require the same origin in all of them\n"
            "training: not locked: a rule in tool.fti.align ties it to feature, which failed\n"
            "2 of 2 stages failed.\n"
        )
