"""How long a service may have its clients wait."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from poetry_fti.ports.rest.retries import wait_before_retry


def in_seconds(seconds: float) -> str:
    return format_datetime(datetime.now(timezone.utc) + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "wanted", ["0", in_seconds(-100), in_seconds(0.5)], ids=["seconds", "a past time", "a time"]
)
def test_a_short_time_is_waited_for(wanted: str) -> None:
    assert wait_before_retry(wanted, 0)


@pytest.mark.parametrize(
    "wanted", ["61", "9" * 400, in_seconds(100_000)], ids=["seconds", "huge", "a time"]
)
def test_a_long_time_is_not(wanted: str) -> None:
    assert not wait_before_retry(wanted, 0)


@pytest.mark.parametrize("wanted", [None, "", "soon", "-1", "1.5", "²"])
def test_a_default_replaces_a_missing_or_invalid_time(
    monkeypatch: pytest.MonkeyPatch, wanted: str | None
) -> None:
    monkeypatch.setattr("poetry_fti.ports.rest.retries.DELAYS", (0,))
    assert wait_before_retry(wanted, 0)
