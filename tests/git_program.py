"""The git program, with an identity and settings that do not depend on the machine."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_SETTINGS: Final = (
    "user.name=x",
    "user.email=x@example.org",
    "core.autocrlf=false",
    "init.defaultBranch=main",
    "protocol.file.allow=always",
)


def git(folder: Path, *words: str) -> str:
    """Run git in a folder and return what it prints."""
    settings = [word for each in _SETTINGS for word in ("-c", each)]
    return subprocess.run(
        ["git", *settings, *words], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def commit_all(root: Path) -> str:
    """Commit all files of a repository, which need not have changed, and return the commit."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "x")
    return git(root, "rev-parse", "HEAD")
