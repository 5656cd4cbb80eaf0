"""Digests of what the path dependencies of a stage require."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName


@dataclass(frozen=True, slots=True)
class PathDigests:
    """The path dependencies that a stage contains, directly or not, by their paths.

    Paths are relative to the project's root. `digests` are those of what the packages require, and
    `unseen` are the names of packages that only a build tells the requirements of. `on_project` is
    true if one of them requires a version of the project itself.
    """

    digests: Mapping[str, str] = field(default_factory=dict)
    unseen: Mapping[str, NormalizedName] = field(default_factory=dict)
    on_project: bool = False
