"""Private indexes: their credentials get to the index, and into no file."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin
from urllib.request import Request, urlopen

import pytest

from harness import snapshot
from loopback.index import CREDENTIALS

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Poetry
    from loopback.index import LoopbackIndex

USER, PASSWORD = CREDENTIALS
LOGIN = {"Authorization": f"Basic {b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"}
PYPROJECT = """\
[project]
name = "secretive"
requires-python = ">=3.10"

[dependency-groups]
inference = ["alpha", "torchish"]

[tool.poetry]
package-mode = false

[tool.poetry.group.inference.dependencies]
torchish = {{ version = "2.1+cpu", source = "guarded" }}

[[tool.poetry.source]]
name = "guarded"
url = "{url}"
priority = "explicit"

[tool.fti]
exports = ["requirements", "constraints", "pylock", "pyproject", "dockerfile"]
"""


def write_project(root: Path, url: str) -> str:
    (root / "pyproject.toml").write_text(PYPROJECT.format(url=url))
    return url


def written(root: Path) -> dict[str, bytes]:
    return {name: data for name, data in snapshot(root).items() if name.startswith("fti/")}


def lock_and_export(poetry: Poetry, root: Path) -> dict[str, bytes]:
    for words in (("lock",), ("export",), ("export", "--merged"), ("export", "--check")):
        poetry.ok(root, "fti", *words)
    return written(root)


@pytest.fixture
def configured(poetry: Poetry) -> Poetry:
    """Poetry that has the login from where it belongs: its own settings."""
    login = {
        "POETRY_HTTP_BASIC_GUARDED_USERNAME": USER,
        "POETRY_HTTP_BASIC_GUARDED_PASSWORD": PASSWORD,
    }
    return replace(poetry, environment={**poetry.environment, **login})


def test_credentials_get_into_no_file(
    tmp_path: Path, poetry: Poetry, configured: Poetry, loopback_index: LoopbackIndex
) -> None:
    clean, planted = tmp_path / "clean", tmp_path / "planted"
    clean.mkdir()
    planted.mkdir()
    url = write_project(clean, f"{loopback_index.url}guarded/simple/")
    write_project(planted, url.replace("://", f"://{USER}:{PASSWORD}@"))

    expected = lock_and_export(configured, clean)
    assert (
        f"--extra-index-url {url.rstrip('/')}\n".encode()
        in expected["fti/inference/requirements.txt"]
    )
    # A login in the project's URLs serves as well, and makes no difference to what is written.
    assert lock_and_export(poetry, planted) == expected
    assert not [name for name, data in expected.items() if PASSWORD.encode() in data]


@pytest.mark.newest_only
def test_plain_poetry_agrees_with_a_lock_from_a_guarded_index(
    tmp_path: Path, configured: Poetry, loopback_index: LoopbackIndex
) -> None:
    write_project(tmp_path, f"{loopback_index.url}guarded/simple/")
    lock_and_export(configured, tmp_path)
    lock = tmp_path / "fti" / "inference" / "poetry.lock"
    ours = lock.read_bytes()
    lock.unlink()
    configured.ok(lock.parent, "lock", "--no-plugins")
    assert lock.read_bytes() == ours


def test_a_login_in_the_url_of_a_dependency_is_warned_of(
    tmp_path: Path, poetry: Poetry, loopback_index: LoopbackIndex
) -> None:
    page = urlopen(Request(f"{loopback_index.url}guarded/simple/torchish/", headers=LOGIN))  # noqa: S310 - loopback
    with page:
        found = re.search(r'href="([^"#]+)', page.read().decode())
    assert found
    url = urljoin(page.url, found[1])
    secret = url.replace("://", f"://{USER}:{PASSWORD}@")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "a"\nrequires-python = ">=3.10"\n[tool.poetry]\npackage-mode = false\n'
        f'[dependency-groups]\ntraining = ["torchish @ {secret}"]\n'
    )
    warning = "Warning: The URL of the dependency torchish contains a login, which locks record"
    for words in (("lock",), ("export", "-f", "requirements", "-f", "pylock", "-f", "pyproject")):
        result = poetry(tmp_path, "fti", *words)
        assert (result.code, result.errors.count(warning)) == (0, 1)
        assert PASSWORD not in result.output + result.errors
    files = {name for name, data in written(tmp_path).items() if PASSWORD.encode() in data}
    assert files == {"fti/training/poetry.lock"}
    result = poetry(tmp_path, "fti", "lock", "--regenerate", "-vvv")
    assert PASSWORD not in result.output + result.errors
