"""Private names of Poetry's index clients and of CacheControl."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from poetry_fti.bridge.internals.private_name import PrivateName, exists

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.utils import NormalizedName
    from poetry.console.exceptions import ConsoleMessage, PoetryRuntimeError
    from poetry.core.constraints.version import Version
    from poetry.repositories.cached_repository import CachedRepository
    from poetry.utils.authenticator import Authenticator
    from poetry.utils.cache import CacheItem, FileCache

_CONTROLLER: Final = "cachecontrol.controller"

POOL_SIZE: Final = PrivateName(
    module="poetry.utils.authenticator",
    owner="Authenticator",
    name="_pool_size",
    kind="attribute",
    use="index",
    relied_on="The number of connections to a host that are kept open, read when a session is"
    " created.",
)
MESSAGES: Final = PrivateName(
    module="poetry.console.exceptions",
    owner="PoetryRuntimeError",
    name="_messages",
    kind="attribute",
    use="error texts",
    relied_on="The paragraphs of the error, each with `stripped` text and a `debug` flag.",
)
CACHE_SET: Final = PrivateName(
    module=_CONTROLLER,
    owner="CacheController",
    name="_cache_set",
    kind="method",
    use="http cache",
    parameters=("cache_url", "request", "response", "body", "expires_time"),
    relied_on="All responses are written to the cache through it. RobustController overrides it.",
)
LOAD_FROM_CACHE: Final = PrivateName(
    module=_CONTROLLER,
    owner="CacheController",
    name="_load_from_cache",
    kind="method",
    use="http cache",
    parameters=("request",),
    relied_on="All responses are read from the cache through it. RobustController overrides it.",
)
RELEASE_CACHE: Final = PrivateName(
    module="poetry.repositories.cached_repository",
    owner="CachedRepository",
    name="_release_cache",
    kind="attribute",
    use="release cache",
    relied_on="The FileCache through which all metadata is read and written, with the key"
    " `name:version`. It may contain values with other keys.",
)
CACHE_PATH: Final = PrivateName(
    module="poetry.utils.cache",
    owner="FileCache",
    name="_path",
    kind="method",
    use="release cache",
    parameters=("key",),
    relied_on="The file that a value is written to. _TemporaryCache overrides it.",
)
CACHE_DESERIALIZE: Final = PrivateName(
    module="poetry.utils.cache",
    owner="FileCache",
    name="_deserialize",
    kind="method",
    use="release cache",
    parameters=("data_raw",),
    relied_on="The value in the content of a file, with `data` and `expired`; ValueError if the"
    " content is incomplete.",
)
NAMES: Final = (
    POOL_SIZE,
    MESSAGES,
    CACHE_SET,
    LOAD_FROM_CACHE,
    RELEASE_CACHE,
    CACHE_PATH,
    CACHE_DESERIALIZE,
)


def keep_open(authenticator: Authenticator, connections: int) -> None:
    """Keep at least so many connections to a host open, in sessions created from now on."""
    authenticator._pool_size = max(authenticator._pool_size, connections)


def paragraphs(error: PoetryRuntimeError) -> list[ConsoleMessage] | None:
    """Return the paragraphs of an error, None where Poetry does not give them."""
    return error._messages if exists(MESSAGES) else None


def can_override_cache() -> bool:
    """Return whether CacheControl writes and reads responses through the known methods."""
    return exists(CACHE_SET) and exists(LOAD_FROM_CACHE)


def can_replace_release_cache() -> bool:
    """Return whether Poetry keeps metadata through the known attributes and methods."""
    return all(map(exists, (RELEASE_CACHE, CACHE_PATH, CACHE_DESERIALIZE)))


def replace_release_cache(
    repository: CachedRepository, create: type[FileCache[dict[str, Any]]]
) -> None:
    """Let a repository keep metadata with another class of cache, if its own one is as known."""
    if can_replace_release_cache():
        kept = repository._release_cache
        repository._release_cache = create(kept.path, kept.hash_type)


def kept_release(
    repository: CachedRepository, name: NormalizedName, version: Version
) -> dict[str, Any] | None:
    """Return the metadata of a release out of Poetry's cache; None if it is not there."""
    return kept_value(repository, f"{name}:{version}")


def kept_value(repository: CachedRepository, key: str) -> dict[str, Any] | None:
    """Return a value out of Poetry's cache of an index; None if it is not there."""
    return repository._release_cache.get(key) if exists(RELEASE_CACHE) else None


def keep_value(repository: CachedRepository, key: str, value: dict[str, Any]) -> None:
    """Add a value to Poetry's cache of an index, whose keys are `name:version`."""
    if exists(RELEASE_CACHE):
        repository._release_cache.put(key, value)


def value_path(cache: FileCache[dict[str, Any]], key: str) -> Path:
    """Return the file of a value."""
    return cache._path(key)


def deserialized(cache: FileCache[dict[str, Any]], content: bytes) -> CacheItem[dict[str, Any]]:
    """Return the value in the content of a file; raises ValueError if it is incomplete."""
    return cache._deserialize(content)
