"""Requirements of a project on itself, which name its own extras: `credit[fast]`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from packaging.utils import canonicalize_name

from poetry_fti.bridge.project.rebase import parsed_requirement

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from packaging.utils import NormalizedName

_MARKER: Final = re.compile(r"\s*;\s*(?P<marker>[^;]+?)\s*$")


@dataclass(frozen=True)
class OwnExtras:
    """The extras of the project `name`, with the requirements of each."""

    name: NormalizedName
    extras: Mapping[NormalizedName, list[str]]

    @classmethod
    def of(cls, project: Mapping[str, Any]) -> OwnExtras:
        """Return the extras of a table `[project]`."""
        optional: Mapping[str, list[str]] = project.get("optional-dependencies", {})
        extras = {canonicalize_name(name): required for name, required in optional.items()}
        return cls(canonicalize_name(project.get("name", "project")), extras)

    def resolved(self, items: Iterable[Any]) -> list[Any]:
        """Return requirements with those on the project itself replaced by what its extras require.

        Other items than requirements are kept, and so are extras that do not exist.
        """
        return [each for item in items for each in self._resolved(item, frozenset())]

    def selected(self, extras: Collection[NormalizedName]) -> list[Any]:
        """Return what the project's extras of these names require, in the order of the table."""
        required = (each for name in self.extras if name in extras for each in self.extras[name])
        return list(dict.fromkeys(self.resolved(required)))

    def _resolved(self, item: Any, within: frozenset[NormalizedName]) -> Iterator[Any]:  # noqa: ANN401
        own = self._own_extras(item)
        if own is None:
            yield item
            return
        _, marker = _split(item)
        for extra in sorted(own - within):
            for required in self.extras[extra]:
                for each in self._resolved(required, within | {extra}):
                    yield _with_marker(each, marker) if marker else each

    def _own_extras(self, item: Any) -> set[NormalizedName] | None:  # noqa: ANN401
        """Return the extras that a requirement on the project itself names, else None."""
        parsed = parsed_requirement(item) if isinstance(item, str) else None
        if parsed is None or parsed.url or canonicalize_name(parsed.name) != self.name:
            return None
        extras = set(map(canonicalize_name, parsed.extras))
        return extras if self.extras.keys() >= extras else None


def _with_marker(requirement: str, marker: str) -> str:
    unmarked, own = _split(requirement)
    return f"{unmarked} ; {f'({own}) and ({marker})' if own else marker}"


def _split(requirement: str) -> tuple[str, str]:
    """Return a requirement without its marker, and the marker; not as `packaging` writes them.

    What it writes differs between versions, and locks depend on it.
    """
    parsed = parsed_requirement(requirement)
    found = _MARKER.search(requirement) if parsed and parsed.marker else None
    return (requirement[: found.start()], found["marker"]) if found else (requirement, "")
