"""The container engine, for the tests with real tools."""

from __future__ import annotations

import pytest

from containers import require_engine


@pytest.fixture(scope="session")
def engine() -> None:
    """Skip without a Docker engine that can build what the tests build."""
    require_engine()
