"""What identifies a locked package besides its name: its version and its origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version

from poetry_fti.model.origins import (
    DirectoryOrigin,
    FileOrigin,
    GitOrigin,
    IndexOrigin,
    UrlOrigin,
)

if TYPE_CHECKING:
    from poetry_fti.model.origins import Origin


@dataclass(frozen=True, slots=True)
class LockedVersion:
    """A version of a package in a lock, with its origin.

    `digests` are those of all its files in the lock, which a git repository and a source tree do
    not have.
    """

    version: Version
    origin: Origin = IndexOrigin()
    digests: frozenset[str] = frozenset()

    @property
    def public(self) -> Version:
        """The version without its local label."""
        return Version(self.version.public)

    def agrees_with(self, other: LockedVersion) -> bool:
        """Return whether both are the same version with the same content.

        Files decide, wherever they come from: the content is the same if there is a file in common.
        Files whose versions differ in the local label only are builds of one version, and agree.
        """
        is_build = self.version != other.version
        # Versions are compared often, and a local label is rare.
        is_labelled = self.version.local or other.version.local
        if is_build and not (is_labelled and self.public == other.public):
            return False
        if self.digests and other.digests:
            return is_build or not self.digests.isdisjoint(other.digests)
        return _source(self.origin) == _source(other.origin)

    def __str__(self) -> str:
        return str(self.version)


def _source(origin: Origin) -> tuple[str | None, ...]:
    """Return what identifies the content of a package without files in the lock."""
    match origin:
        case GitOrigin(commit=commit, subdirectory=subdirectory):
            return ("git", commit, subdirectory)
        case DirectoryOrigin(path=path) | FileOrigin(path=path):
            return ("path", str(path))
        case UrlOrigin(url=url):
            return ("url", url)
        case IndexOrigin():
            return ("index",)
