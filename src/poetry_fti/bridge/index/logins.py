"""Logins from Poetry's settings for the indexes and git repositories that stages use."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from poetry.repositories.http_repository import HTTPRepository
from poetry.utils.authenticator import Authenticator
from poetry.utils.password_manager import PoetryKeyringError

from poetry_fti.errors import FtiError
from poetry_fti.model.login import Login
from poetry_fti.model.origins import GitOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry.poetry import Poetry
    from poetry.utils.password_manager import HTTPAuthCredential

    from poetry_fti.model.lock import LockedStage


def logins(poetry: Poetry, stages: Iterable[LockedStage]) -> tuple[Login, ...]:
    """Return the logins for the indexes and git repositories of the stages' packages, each once.

    Relies on `Authenticator.get_credentials_for_url` and `…_for_git_url`, by which Poetry itself
    finds them. Raises FtiError if the keyring denies access.
    """
    try:
        return tuple(dict.fromkeys(_logins(poetry, tuple(stages))))
    except PoetryKeyringError as error:
        raise FtiError(str(error)) from error


def _logins(poetry: Poetry, stages: tuple[LockedStage, ...]) -> Iterator[Login]:
    used = {index.url for locked in stages for index in locked.indexes}
    for repository in poetry.pool.all_repositories:
        if isinstance(repository, HTTPRepository) and repository.url in used:
            credential = repository.session.get_credentials_for_url(repository.url)
            yield from _login(repository.url, credential)
    authenticator = Authenticator(poetry.config)
    origins = [package.origin for locked in stages for package in locked.packages]
    for origin in origins:
        if isinstance(origin, GitOrigin):
            url = origin.url.removeprefix("git+")
            credential = _of_repository(authenticator, url)
            if credential.password:  # URLs of public repositories often contain a user name
                yield from _login(url, credential)


def _of_repository(authenticator: Authenticator, url: str) -> HTTPAuthCredential:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https") and "@" in parts.netloc:
        return authenticator.get_credentials_for_url(url)
    return authenticator.get_credentials_for_git_url(url)


def _login(url: str, credential: HTTPAuthCredential) -> Iterator[Login]:
    if credential.username or credential.password:
        host = urlsplit(url).hostname or ""
        yield Login(host, credential.username or "", credential.password or "")
