"""Poetry against the loopback index, for the tests with real tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from loopback.clients import isolated_environment

from harness import Poetry

if TYPE_CHECKING:
    from loopback.index import LoopbackIndex


@pytest.fixture(scope="session")
def poetry(tmp_path_factory: pytest.TempPathFactory, loopback_index: LoopbackIndex) -> Poetry:
    """Poetry with the plugin; all tests of a process share its caches."""
    return Poetry(isolated_environment(tmp_path_factory.mktemp("home"), loopback_index.url))
