"""The keys of `[tool.fti.stages.<stage>.image.healthcheck]`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from poetry_fti.model.images.healthcheck import Healthcheck, HttpProbe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry_fti.config.table import Table

_KEYS: Final = ("command", "http", "port", "interval", "timeout", "start-period", "retries")
# Durations as Go writes them, without fractions, and short enough not to overflow.
_DURATION: Final = r"(?=.)(\d{1,6}h)?(\d{1,6}m)?(\d{1,6}s)?(\d{1,6}ms)?"
_PATH: Final = r"/[!\"$-~]*"
_LAST_PORT: Final = 65535
_MOST_RETRIES: Final = 1000


def read_healthcheck(image: Table, exposed: Sequence[str]) -> Healthcheck | None:
    """Return the health check of an image's table; None without the key `healthcheck`.

    `exposed` are the ports that the image exposes; if exactly one of them is a TCP port, it is
    the default of the key `port`. Problems are added to the table's.
    """
    mapping = image.table("healthcheck")
    if not image.is_table("healthcheck"):
        return None
    table = image.child(mapping, "healthcheck", keys=_KEYS)
    return Healthcheck(
        probe=_probe(table, exposed),
        interval=_duration(table, "interval"),
        timeout=_duration(table, "timeout"),
        start_period=_duration(table, "start-period"),
        retries=_positive(table, "retries", _MOST_RETRIES),
    )


def _probe(table: Table, exposed: Sequence[str]) -> tuple[str, ...] | HttpProbe:
    if ("command" in table) == ("http" in table):
        table.wrong(None, 'must have exactly one of the keys "command" and "http"')
        return ()
    if "http" in table:
        return _http(table, exposed)
    if "port" in table:
        table.wrong("port", 'applies to "http" only; remove it')
    if table.is_empty("command"):
        table.wrong("command", "is empty; it must name a program")
    words = table.strings("command") or ()
    table.require_program("command", words)
    return words


def _http(table: Table, exposed: Sequence[str]) -> HttpProbe:
    path = table.match("http", _PATH, 'must be a path, such as "/health"')
    port = _positive(table, "port", _LAST_PORT)
    tcp = [int(port) for port in exposed if port.isdigit()]
    if "port" not in table and len(tcp) == 1:
        port = tcp[0]
    elif "port" not in table:
        table.wrong("port", "is missing: the port that the program listens on, such as 8000")
    return HttpProbe(path[0] if path else "/", port or 1)


def _duration(table: Table, key: str) -> str | None:
    match = table.match(key, _DURATION, 'is not a duration such as "30s" or "1m30s"')
    if match and not re.search("[1-9]", match[0]):
        table.wrong(key, f'"{match[0]}" is zero; leave the key out for the default of the engine')
    return match[0] if match else None


def _positive(table: Table, key: str, most: int) -> int | None:
    number = table.integer(key)
    if number is None or 1 <= number <= most:
        return number
    table.wrong(key, f"must be from 1 to {most}, not {number}")
    return None
