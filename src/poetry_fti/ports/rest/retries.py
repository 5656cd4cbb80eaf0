"""Delays before a request to a busy service is retried."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Final

DELAYS: Final = (1, 2, 4, 8)
"""The seconds to wait before each further attempt."""
_LONGEST: Final = 60


def wait_before_retry(wanted: str | None, attempt: int) -> bool:
    """Wait for the time in the header `Retry-After`, or else for the attempt's one of `DELAYS`.

    Returns False, without waiting, if that is more than a minute.
    """
    seconds = _seconds(wanted)
    seconds = DELAYS[attempt] if seconds is None else seconds
    if seconds > _LONGEST:
        return False
    time.sleep(seconds)
    return True


def _seconds(wanted: str | None) -> float | None:
    """Return the seconds until the time in a header; None for a missing or invalid header."""
    if wanted is None or wanted.isdecimal():
        return None if wanted is None else float(wanted)
    try:
        moment = parsedate_to_datetime(wanted)
    except ValueError:
        return None
    zone = moment.tzinfo or timezone.utc
    return max(0.0, (moment.replace(tzinfo=zone) - datetime.now(timezone.utc)).total_seconds())
