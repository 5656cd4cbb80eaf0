"""A library in a git repository, of which each commit has the same version."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_PYPROJECT: Final = """\
[project]
name = "feats"
version = "0.3.0"
requires-python = ">=3.8"
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"""
_SETTINGS: Final = ("user.name=n", "user.email=e", "core.autocrlf=false", "commit.gpgsign=false")
_OPTIONS: Final = [word for setting in _SETTINGS for word in ("-c", setting)]


@dataclass(frozen=True, slots=True)
class GitLibrary:
    """The library `feats` 0.3.0 in the folder `root`; its branch is `main`."""

    root: Path

    @property
    def url(self) -> str:
        """The URL of the repository for a client on this machine."""
        return self.root.as_uri()

    def commit(self, text: str) -> str:
        """Commit a module with this text, and return the first seven digits of the commit."""
        if not self.root.exists():
            (self.root / "feats").mkdir(parents=True)
            (self.root / "pyproject.toml").write_text(_PYPROJECT, encoding="utf-8")
            self.git("init", "--quiet", "--initial-branch", "main")
        (self.root / "feats/__init__.py").write_text(text, encoding="utf-8")
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", text)
        return self.git("rev-parse", "HEAD")[:7]

    def git(self, *words: str) -> str:
        """Run git in the repository and return its output."""
        command = ["git", *_OPTIONS, *words]
        done = subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()
