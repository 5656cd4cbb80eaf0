"""Credentials in the URLs of dependencies: warnings, and what is written."""

from __future__ import annotations

from typing import Final

import pytest
from poetry.console.exceptions import PoetryRuntimeError
from poetry.exceptions import PoetryError
from poetry.repositories.exceptions import RepositoryError

from fast.exporters.canned import package, stage
from poetry_fti.bridge.index.monitoring.monitor import IndexMonitor
from poetry_fti.errors import FtiError
from poetry_fti.exporters import load_exporter
from poetry_fti.exporters.python.pylock import files
from poetry_fti.model.lock import LockedFile
from poetry_fti.model.origins import GitOrigin, UrlOrigin
from poetry_fti.operations.url_logins import export_warnings

GIT: Final = package("my-tool", origin=GitOrigin("https://me:s3cret@git.example/t.git", "c0ffee"))
WHEEL: Final = package(
    "wheel",
    "1.0",
    "wheel-1.0-py3-none-any.whl",
    origin=UrlOrigin("https://files.example/wheel-1.0-py3-none-any.whl?X-Amz-Signature=s3cret"),
)
LOGIN: Final = (
    "The URL of the dependency my-tool contains a login, which locks record and exported files"
    " leave out. Remove it from pyproject.toml and configure it instead: run"
    " `poetry config repositories.my-tool https://git.example/t.git` and"
    " `poetry config http-basic.my-tool USERNAME PASSWORD`, or set"
    " POETRY_HTTP_BASIC_MY_TOOL_USERNAME and POETRY_HTTP_BASIC_MY_TOOL_PASSWORD."
)
SIGNATURE: Final = (
    'The URL of the dependency wheel grants access by its parameter "X-Amz-Signature", which locks'
    " and exported files record, too. Use a URL without it, and configure a login for its host with"
    " `poetry config http-basic.wheel`."
)


def test_each_dependency_is_named_once_whatever_stages_have_it() -> None:
    assert export_warnings([stage(GIT, WHEEL), stage(GIT)]) == [LOGIN, SIGNATURE]
    assert export_warnings([stage(package("alpha"))]) == []


@pytest.mark.parametrize("name", ["constraints", "pylock", "requirements"])
def test_exported_files_have_no_login(name: str) -> None:
    exporter = load_exporter(name)
    for text in exporter.files(stage(GIT)).values():  # type: ignore[arg-type]
        assert "s3cret" not in text
        assert "https://git.example/t.git" in text


def test_signed_urls_of_an_index_are_not_written() -> None:
    url = "https://files.example/alpha-1.0-py3-none-any.whl"
    file = LockedFile(
        name="alpha-1.0-py3-none-any.whl",
        digest=f"sha256:{'a' * 64}",
        url=f"{url}?X-Amz-Signature=s3cret",
        size=1,
    )
    alpha = package("alpha")
    (text,) = files(
        stage(type(alpha)(name=alpha.name, version=alpha.version, files=(file,)))
    ).values()
    assert f'url = "{url}"' in text
    assert "s3cret" not in text


@pytest.mark.parametrize("kind", [PoetryRuntimeError, PoetryError, RepositoryError])
def test_an_error_of_poetry_is_shown_without_login(kind: type[Exception]) -> None:
    text = "Failed to clone https://me:s3cret@git.example/t.git"
    with pytest.raises(FtiError) as error, IndexMonitor().index_errors():
        raise kind(text)
    assert str(error.value) == "Failed to clone https://git.example/t.git"
