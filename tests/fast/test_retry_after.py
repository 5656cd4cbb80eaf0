"""What an index says of when to ask again, in the only form that Poetry can read."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
import requests

from poetry_fti.bridge.index.monitor import IndexMonitor


def pause(written: str) -> str | None:
    """Return how long Poetry is told to wait by an answer of an index."""
    response = requests.Response()
    response.url, response.status_code = "https://index.example/simple/app/", 429
    response.headers["Retry-After"] = written
    IndexMonitor()(response)
    return response.headers.get("Retry-After")


def test_seconds_are_left_alone() -> None:
    assert pause("7") == "7"


def test_a_date_is_counted_in_seconds() -> None:
    later = datetime.now(timezone.utc) + timedelta(seconds=60)
    assert 57 < float(pause(format_datetime(later, usegmt=True)) or 0) <= 60


@pytest.mark.parametrize("written", ["soon", "1.5.2", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_what_tells_nothing_is_left_to_poetry(written: str) -> None:
    assert pause(written) is None
