"""What an index answered, as Poetry can use it and as users read it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
import requests
from poetry.repositories.exceptions import PackageNotFoundError

from poetry_fti.bridge.index.monitoring.monitor import IndexMonitor
from poetry_fti.errors import FtiError


def answer(status: int, url: str = "https://index.example/simple/app/") -> requests.Response:
    response = requests.Response()
    response.url, response.status_code = url, status
    return response


def pause(written: str) -> str | None:
    """Return how long Poetry is told to wait by an answer of an index."""
    response = answer(429)
    response.headers["Retry-After"] = written
    IndexMonitor()(response)
    return response.headers.get("Retry-After")


def test_seconds_are_left_alone() -> None:
    assert pause("7") == "7"


def test_a_date_is_counted_in_seconds() -> None:
    later = datetime.now(timezone.utc) + timedelta(seconds=60)
    assert 57 < float(pause(format_datetime(later, usegmt=True)) or 0) <= 60


@pytest.mark.parametrize("written", ["soon", "1.5.2", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_an_unreadable_or_past_time_leaves_poetrys_own_pause(written: str) -> None:
    assert pause(written) is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://jo:secret@index.example/simple/app/", "https://index.example/simple/app/"),
        ("https://index.example/a@1.0/app/", "https://index.example/a@1.0/app/"),
    ],
)
def test_an_error_names_the_url_without_credentials(url: str, shown: str) -> None:
    monitor = IndexMonitor()
    monitor(answer(403, url))
    with pytest.raises(FtiError) as error, monitor.index_errors():
        raise PackageNotFoundError("Package [app] not found.")
    assert str(error.value) == (
        f"The package index failed: {shown} answered 403.\nPackage [app] not found."
    )
