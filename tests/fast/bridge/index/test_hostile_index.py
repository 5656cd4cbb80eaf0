"""Indexes that answer nonsense: stages lock or fail with an error, and so do exports."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import pytest
from poetry.utils.authenticator import Authenticator

from cases import seeds
from loopback.hostile import SPOILS, spoiled
from loopback.site import Answer, Site
from memory_index import DEFAULT
from poetry_fti.errors import FtiError
from poetry_fti.operations.export import ExportRequest, render
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

pytestmark = pytest.mark.slow

HOST: Final = "corp.example.com"
RELEASES: Final = {
    "app 1.0": ["lib"],
    "app 2.0": ["lib>=1"],
    "lib 1.0": [],
    "lib 2.0": ["python>=3.12"],
    "mid 1.0": ["lib<2"],
}
SOURCE: Final = f"""\
[[tool.poetry.source]]
name = "corp"
url = "https://{HOST}/simple/"
priority = "primary"
"""
STAGES: Final = """\
[tool.fti.stages.feature]
[tool.fti.stages.training]
platforms = ["linux/amd64"]
"""
GROUPS: Final = {"training": ["app"], "feature": ["mid"]}
KINDS: Final = tuple(SPOILS)
# Part of the paths that are answered with nonsense.
PARTS: Final = ("", "/simple/", ".metadata", "json", "/lib")


@dataclass
class HostileSite(Site):
    """A site that spoils what another one answers."""

    site: Site
    seed: int

    def answer(self, path: str, accept: str = "") -> Answer:
        answer = self.site.answer(path, accept)
        if PARTS[self.seed % len(PARTS)] not in path:
            return answer
        return spoiled(answer, path, KINDS[self.seed % len(KINDS)], self.seed)


@pytest.mark.sampled
# CacheControl does not close the files of cached responses that it does not use.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("seed", seeds(27))
def test_nonsense_is_an_error_of_a_stage_or_of_an_export(
    seed: int, demo: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Authenticator, "_get_backoff", lambda *_: 0)
    host, source = (HOST, SOURCE) if seed % 7 < 2 else (DEFAULT, "")
    demo.index.offer(RELEASES, host)
    demo.write(pyproject(GROUPS, STAGES + source))
    good = demo.index.sites[host]
    demo.index.sites[host] = HostileSite(good, seed)
    require_a_lock_or_an_error_each(demo)
    demo.index.sites[host] = good
    demo.lock()
    demo.clear_cache()
    demo.index.sites[host] = HostileSite(good, seed)
    require_a_lock_or_an_error_each(demo)
    project = demo.load()
    with suppress(FtiError):
        render(project, ExportRequest(stages=project.stages, formats=("requirements", "pylock")))


def require_a_lock_or_an_error_each(demo: MemoryProject) -> None:
    for result in demo.update().values():
        assert result.error is None or str(result.error)


def test_a_redirect_to_no_address_is_an_error_of_an_export(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    demo.write(pyproject({"training": ["lib"]}))
    demo.lock()
    demo.clear_cache()
    demo.index.failures["/lib/"] = Answer(HTTPStatus.FOUND, headers={"Location": "https://["})
    project = demo.load()
    with pytest.raises(FtiError, match=r"^Poetry cannot read lib 1\.0: Invalid IPv6 URL$"):
        render(project, ExportRequest(stages=project.stages, formats=("pylock",)))
