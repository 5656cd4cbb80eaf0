"""The container engine, and a library that few of the tests with real tools need."""

from __future__ import annotations

import pytest

from containers import require_engine
from late_grammar import load_late

load_late()


@pytest.fixture(scope="session")
def engine() -> None:
    """Skip without a Docker engine that can build what the tests build."""
    require_engine()
