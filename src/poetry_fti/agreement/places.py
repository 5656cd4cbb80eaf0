"""Which stages have which versions of a package, from which origins."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from poetry_fti.agreement.versions import equivalent
from poetry_fti.model.origins import GitOrigin, IndexOrigin, UrlOrigin
from poetry_fti.urls import public_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.agreement.versions import LockedVersions
    from poetry_fti.model.locked_version import LockedVersion
    from poetry_fti.model.origins import Origin

# Pairs of the versions that stages have, and the names of these stages.
Places: TypeAlias = "tuple[tuple[tuple[LockedVersion, ...], tuple[str, ...]], ...]"


def are_alike(one: Sequence[LockedVersion], other: Sequence[LockedVersion]) -> bool:
    """Return whether versions, including their local labels, and origins are the same."""
    return _versions(one) == _versions(other) and equivalent(one, other)


def places(name: NormalizedName, stages: Mapping[str, LockedVersions]) -> Places:
    """Return the versions of a package with the stages that have them, newest first."""
    groups: list[tuple[tuple[LockedVersion, ...], list[str]]] = []
    for stage, found in stages.items():
        if name not in found:
            continue
        alike = (names for versions, names in groups if are_alike(versions, found[name]))
        names = next(alike, None)
        if names is None:
            groups.append((found[name], [stage]))
        else:
            names.append(stage)
    groups.sort(key=lambda group: _versions(group[0])[::-1], reverse=True)
    return tuple((versions, tuple(names)) for versions, names in groups)


def places_text(found: Places, names: Sequence[str] = ()) -> str:
    """Return places as text: `0.3.0 at 5e3181f in feature, at bf2931f in inference`.

    `names` are what to call the stages of each place, if not by their names.
    """
    origins = origin_texts(locked for versions, _ in found for locked in versions)
    previous: Version | None = None
    texts = []
    for index, (versions, stages) in enumerate(found):
        words = []
        for locked in versions:
            words.append(_located(locked, origins[locked], previous))
            previous = locked.version
        where = names[index] if names else " and ".join(stages)
        texts.append(f"{' and '.join(words)} in {where}")
    return ", ".join(texts)


def origin_texts(found: Iterable[LockedVersion]) -> dict[LockedVersion, str]:
    """Return a short text on the origin of each locked version that its version does not identify.

    The text is empty for a version that has the same content wherever it occurs.
    """
    everything = list(dict.fromkeys(found))
    return {
        locked: _origin_text(
            locked,
            [
                each
                for each in everything
                if each.version == locked.version and not each.agrees_with(locked)
            ],
        )
        for locked in everything
    }


def _versions(found: Iterable[LockedVersion]) -> tuple[Version, ...]:
    return tuple(locked.version for locked in found)


def _located(locked: LockedVersion, origin: str, previous: Version | None) -> str:
    """Return a version with its origin; the origin alone if the version is the previous one."""
    if not origin:
        return str(locked)
    where = f"{'from' if isinstance(locked.origin, IndexOrigin) else 'at'} {origin}"
    return where if locked.version == previous else f"{locked} {where}"


def _origin_text(locked: LockedVersion, others: Iterable[LockedVersion]) -> str:
    texts = {_short(other.origin) for other in others}
    text = _short(locked.origin) if texts else ""
    return f"{text} ({_detail(locked)})" if text in texts else text


def _short(origin: Origin) -> str:
    match origin:
        case GitOrigin(commit=commit):
            return commit[:7]
        case UrlOrigin(url=url):
            return public_text(url)
        case IndexOrigin(name=name):
            return name or "PyPI"
    return str(origin.path)


def _detail(locked: LockedVersion) -> str:
    """Return what identifies the content if the short text on the origin does not."""
    if isinstance(locked.origin, GitOrigin):
        return locked.origin.subdirectory or "."
    return min(locked.digests).partition(":")[2][:7]
