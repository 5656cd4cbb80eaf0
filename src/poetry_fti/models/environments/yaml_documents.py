"""Reading YAML of unknown origin: strings, lists and mappings only, of limited depth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from poetry_fti.models.malformed import MalformedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml import Event

Yaml: TypeAlias = "str | list[Yaml] | dict[str, Yaml]"

_DEEPEST: Final = 40
_INVALID: Final = "it is not valid YAML"


def read_yaml(text: str) -> dict[str, Yaml]:
    """Return a YAML document whose top level is a mapping; all scalars are strings.

    Tags and merge keys have no effect: no object is constructed, and no mapping is copied. Raises
    MalformedError for anything else, and for deep nesting.
    """
    # Imported here, since PyYAML takes a while to import.
    import yaml  # noqa: PLC0415

    try:
        events = yaml.parse(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
        nodes = list(_Nodes(events).documents())
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise MalformedError(_INVALID) from error
    if len(nodes) != 1 or not isinstance(nodes[0], dict):
        raise MalformedError("its YAML is not a single mapping")
    return nodes[0]


class _Nodes:
    """Builds nodes from the events of PyYAML's parser."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._anchors: dict[str, Yaml] = {}

    def documents(self) -> Iterator[Yaml]:
        for event in self._events:
            if type(event).__name__ == "DocumentStartEvent":
                self._anchors.clear()
                yield self._node(next(self._events), 0)

    def _node(self, event: Event, depth: int) -> Yaml:
        if depth > _DEEPEST:
            raise MalformedError("its YAML is nested too deeply")
        anchor = getattr(event, "anchor", None)
        node: Yaml
        match type(event).__name__:
            case "AliasEvent":
                return self._anchors.get(str(anchor), "")  # a node within itself has none yet
            case "SequenceStartEvent":
                node = list(self._children("SequenceEndEvent", depth))
            case "MappingStartEvent":
                node = self._mapping(depth)
            case _:
                node = str(getattr(event, "value", ""))
        if anchor:
            self._anchors[anchor] = node
        return node

    def _mapping(self, depth: int) -> dict[str, Yaml]:
        children = self._children("MappingEndEvent", depth)
        pairs = [(key, next(children)) for key in children]
        return {key: value for key, value in pairs if isinstance(key, str)}

    def _children(self, end: str, depth: int) -> Iterator[Yaml]:
        for event in self._events:
            if type(event).__name__ == end:
                return
            yield self._node(event, depth + 1)


def mapping(value: Yaml | None) -> dict[str, Yaml]:
    """Return a value if it is a mapping, or else an empty mapping."""
    return value if isinstance(value, dict) else {}


def sequence(value: Yaml | None) -> list[Yaml]:
    """Return a value if it is a list, or else an empty list."""
    return value if isinstance(value, list) else []


def string(value: Yaml | None) -> str | None:
    """Return a value if it is a string that is not empty or null, or else None."""
    return value if isinstance(value, str) and value not in {"", "null", "~"} else None
