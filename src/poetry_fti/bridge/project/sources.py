"""Keeping credentials in the URLs of package sources out of locks."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from poetry.factory import Factory

from poetry_fti.bridge.project.derive_poetry import public_sources

if TYPE_CHECKING:
    from poetry.poetry import Poetry


def hide_credentials(poetry: Poetry) -> None:
    """Move credentials from the URLs of a project's sources to Poetry's configuration.

    Poetry would otherwise write the URL with the credentials into the lock.
    """
    sources = poetry.local_config.get("source", [])
    public = public_sources(sources)
    if public == sources:
        return
    for source, clean in zip(sources, public, strict=True):
        parts = urlsplit(source.get("url", ""))
        if parts.username is not None:
            login = {"username": unquote(parts.username), "password": unquote(parts.password or "")}
            poetry.config.merge({"http-basic": {source["name"]: login}})
            poetry.config.merge({"repositories": {source["name"]: {"url": clean["url"]}}})
    poetry.set_pool(Factory.create_pool(poetry.config, public, disable_cache=poetry.disable_cache))
