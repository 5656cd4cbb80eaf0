"""Warnings about dependencies whose URLs contain logins or signatures, which locks have, too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from poetry_fti.model.origins import GitOrigin, UrlOrigin
from poetry_fti.urls import has_login, public_git_url, public_url, secret_parameter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from packaging.utils import NormalizedName

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.model.origins import Origin
    from poetry_fti.operations.locking.request import LockResult
    from poetry_fti.operations.project import Project


def locking_warnings(project: Project, results: Mapping[str, LockResult]) -> list[str]:
    """Return a warning for each such dependency of the stages that have just been locked."""
    changed = {name for name, result in results.items() if not (result.error or result.is_fresh)}
    return _warnings(
        (name, locked.origin)
        for stage in project.stages
        if stage.name in changed
        for name, versions in stage.locked_versions.items()
        for locked in versions
    )


def export_warnings(stages: Iterable[LockedStage]) -> list[str]:
    """Return a warning for each such dependency of exported stages."""
    return _warnings((each.name, each.origin) for stage in stages for each in stage.packages)


def _warnings(origins: Iterable[tuple[NormalizedName, Origin]]) -> list[str]:
    return list(dict.fromkeys(text for name, origin in origins for text in _of(name, origin)))


def _of(name: NormalizedName, origin: Origin) -> Iterator[str]:
    if not isinstance(origin, GitOrigin | UrlOrigin):
        return
    if has_login(origin.url):
        is_git = isinstance(origin, GitOrigin)
        url = public_git_url(origin.url) if is_git else public_url(origin.url).partition("?")[0]
        variable = f"POETRY_HTTP_BASIC_{re.sub('[^A-Z0-9]', '_', name.upper())}"
        yield (
            f"The URL of the dependency {name} contains a login, which locks record and exported"
            " files leave out. Remove it from pyproject.toml and configure it instead: run"
            f" `poetry config repositories.{name} {url}` and"
            f" `poetry config http-basic.{name} USERNAME PASSWORD`, or set {variable}_USERNAME and"
            f" {variable}_PASSWORD."
        )
    if parameter := secret_parameter(origin.url):
        yield (
            f'The URL of the dependency {name} grants access by its parameter "{parameter}", which'
            " locks and exported files record, too. Use a URL without it, and configure a login for"
            f" its host with `poetry config http-basic.{name}`."
        )
