"""What a build did, by the log that `docker build --progress=rawjson` writes."""

from __future__ import annotations

import base64
import json
import re
from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Not the engine's own steps, and not the images that a build starts from.
_STEP: Final = re.compile(r"\[\S* *\d+/\d+\] (?!FROM )(?P<instruction>\w+)")


class Step(NamedTuple):
    """An instruction of a Dockerfile that was carried out."""

    instruction: str
    seconds: float


def executed(log: str) -> tuple[Step, ...]:
    """Return the steps of the Dockerfile that no cache had."""
    names: dict[str, str] = {}
    spans: dict[str, dict[str, str]] = defaultdict(dict)
    cached = set()
    for event in _events(log):
        for vertex in event.get("vertexes") or ():
            names[vertex["digest"]] = vertex["name"]
            if vertex.get("cached"):
                cached.add(vertex["digest"])
            if vertex.get("completed"):
                spans[vertex["digest"]][vertex["started"]] = vertex["completed"]
    return tuple(
        Step(found["instruction"], sum(_seconds(*span) for span in times.items()))
        for digest, times in spans.items()
        if digest not in cached and (found := _STEP.match(names[digest]))
    )


def printed(log: str) -> str:
    """Return what the steps wrote, and the engine's errors."""
    parts: list[str] = []
    for event in _events(log):
        parts += (base64.b64decode(each["data"]).decode() for each in event.get("logs") or ())
        parts += (each["error"] for each in event.get("vertexes") or () if each.get("error"))
    return "".join(parts)


def _events(log: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects; some versions write them over several lines, and errors come after."""
    decoder, position = json.JSONDecoder(), 0
    while (position := log.find("{", position)) >= 0:
        try:
            event, position = decoder.raw_decode(log, position)
        except ValueError:
            return
        yield event


def _seconds(started: str, completed: str) -> float:
    return (_time(completed) - _time(started)).total_seconds()


def _time(text: str) -> datetime:
    # Python takes no more than microseconds, and some versions no other number of digits.
    whole, _, rest = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{rest[:6]:0<6}+00:00")
