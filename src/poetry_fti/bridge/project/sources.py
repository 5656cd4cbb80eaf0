"""The package sources that a stage can use, without the credentials in their URLs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from poetry.factory import Factory

from poetry_fti.urls import public_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry.poetry import Poetry

_DEFAULT_INDEX: Final = "pypi"
_SEARCHED: Final = ("primary", "supplemental")


def usable_sources(
    sources: Iterable[Mapping[str, Any]], dependencies: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the sources that a stage with these tables of dependencies uses, without credentials.

    Only dependencies that name an explicit source use it. The order is the one in which Poetry
    searches sources; explicit sources, which it does not search, are last and sorted by name.
    """
    by_priority: dict[str, list[dict[str, Any]]] = {}
    for source in _public(sources):
        by_priority.setdefault(source.get("priority", "primary"), []).append(source)
    named = {name.lower() for table in dependencies for name in _named(table)}
    if "primary" not in by_priority:
        # An explicit default index is not searched; without it, Poetry adds a primary one.
        named.add(_DEFAULT_INDEX)
    explicit = [each for each in by_priority.get("explicit", ()) if _name(each) in named]
    searched = [_shortest(each) for key in _SEARCHED for each in by_priority.get(key, ())]
    return [*searched, *sorted(explicit, key=_name)]


def _shortest(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return a source without the default priority, which Poetry's content hash would contain."""
    return {key: value for key, value in source.items() if (key, value) != ("priority", "primary")}


def _named(dependencies: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sources that a table such as `[tool.poetry.dependencies]` names."""
    for constraint in dependencies.values():
        for item in constraint if isinstance(constraint, list) else [constraint]:
            if isinstance(item, Mapping) and isinstance(item.get("source"), str):
                yield item["source"]


def _name(source: Mapping[str, Any]) -> str:
    name: str = source.get("name", "")
    return name.lower()


def _public(sources: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {key: public_url(value) if key == "url" else value for key, value in source.items()}
        for source in sources
    ]


def hide_credentials(poetry: Poetry) -> None:
    """Move credentials from the URLs of a project's sources to Poetry's configuration.

    Poetry would otherwise write the URL with the credentials into the lock.
    """
    sources = poetry.local_config.get("source", [])
    public = _public(sources)
    if public == sources:
        return
    for source, clean in zip(sources, public, strict=True):
        parts = urlsplit(source.get("url", ""))
        if parts.username is not None:
            login = {"username": unquote(parts.username), "password": unquote(parts.password or "")}
            poetry.config.merge({"http-basic": {source["name"]: login}})
            poetry.config.merge({"repositories": {source["name"]: {"url": clean["url"]}}})
    poetry.set_pool(Factory.create_pool(poetry.config, public, disable_cache=poetry.disable_cache))
