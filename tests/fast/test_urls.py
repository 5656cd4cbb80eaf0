"""URLs without credentials."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory_index import DEFAULT
from poetry_fti.urls import (
    has_login,
    is_pypi,
    plain_file_url,
    public_git_url,
    public_text,
    public_url,
    secret_parameter,
    untrusted_host,
    without_logins,
)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://files.example/a@1/b.whl?t=x@y#z", "https://files.example/a@1/b.whl?t=x@y#z"),
        ("https://user:s3cret@files.example:8443/a", "https://files.example:8443/a"),
        ("https://token@files.example/a", "https://files.example/a"),
        ("https://us@er:s3c@ret@files.example/a", "https://files.example/a"),
        ("https://:s3cret@files.example", "https://files.example"),
    ],
)
def test_the_public_url(url: str, expected: str) -> None:
    assert public_url(url) == expected


@pytest.mark.slow_after(5)
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://user:s3cret@git.example/a.git", "https://git.example/a.git"),
        ("ssh://git@git.example/a.git", "ssh://git@git.example/a.git"),
        ("ssh://git:s3cret@git.example/a.git", "ssh://git@git.example/a.git"),
        ("ssh://git.example:22/a.git", "ssh://git.example:22/a.git"),
        ("git+ssh://git@git.example/a.git", "ssh://git@git.example/a.git"),
        ("git@git.example:group/a.git", "ssh://git@git.example/group/a.git"),
        ("git@git.example:/srv/a.git", "ssh://git@git.example/srv/a.git"),
        ("../a.git", "../a.git"),
        ("file:///srv/a.git", "file:///srv/a.git"),
        ("file://None/srv/a.git", "file:///srv/a.git"),
    ],
)
def test_the_public_url_of_a_repository(url: str, expected: str) -> None:
    assert public_git_url(url) == expected


def test_the_public_text() -> None:
    text = 'a = ["b @ git+https://u:p@git.example/b", "me@mail.example"]\nc = "https://t@c.example"'
    expected = 'a = ["b @ git+https://git.example/b", "me@mail.example"]\nc = "https://c.example"'
    assert public_text(text) == without_logins(text) == expected


@pytest.mark.parametrize(
    ("query", "parameter", "shown"),
    [
        ("", None, ""),
        ("?b=c&sigma=d", None, "?b=c&sigma=d"),
        ("?b=c&X-Amz-Signature=s3cret#d", "X-Amz-Signature", "?b=c&X-Amz-Signature=***#d"),
        ("?sv=1&sig=s3cret", "sig", "?sv=1&sig=***"),
        ("?X-Goog-Signature=s3cret", "X-Goog-Signature", "?X-Goog-Signature=***"),
        ("?private_token=s3cret&ref=v1", "private_token", "?private_token=***&ref=v1"),
    ],
)
def test_a_query_that_grants_access(query: str, parameter: str | None, shown: str) -> None:
    url = f"https://files.example/a.whl{query}"
    assert secret_parameter(url) == parameter
    assert public_text(f"GET '{url}' failed") == f"GET 'https://files.example/a.whl{shown}' failed"
    assert without_logins(url) == url
    assert plain_file_url(url) == (url if parameter is None else "https://files.example/a.whl")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://git.example/a.git", False),
        ("https://token@git.example/a.git", True),
        ("git+https://me:s3cret@git.example/a.git", True),
        ("ssh://git@git.example/a.git", False),
        ("git@git.example:a.git", False),
        ("ssh://git:s3cret@git.example/a.git", True),
    ],
)
def test_the_login_of_a_url(url: str, expected: bool) -> None:  # noqa: FBT001 - a parameter
    assert has_login(url) == expected


@pytest.mark.slow_after(4)
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://index.example/simple", None),
        ("http://user:s3cret@index.example/simple", "index.example"),
        ("http://index.example:8081/simple", "index.example:8081"),
        ("http://localhost:3141/simple", None),
        ("http://127.0.0.1:3141/simple", None),
        ("http://[::1]:3141/simple", None),
        ("http://10.0.0.1/simple", "10.0.0.1"),
    ],
)
def test_the_host_that_pip_must_trust(url: str, expected: str | None) -> None:
    assert untrusted_host(url) == expected


@given(
    st.sampled_from(["https", "http", "git+https", "ssh", "git+ssh"]),
    st.text(st.characters(exclude_characters="/?#", min_codepoint=33, max_codepoint=126)),
)
def test_no_password_is_left(scheme: str, password: str) -> None:
    url = f"{scheme}://user:<{password}>@git.example/a"
    assert public_url(url) == f"{scheme}://{'user@' if scheme.endswith('ssh') else ''}git.example/a"
    assert public_url(public_url(url)) == public_url(url)


@pytest.mark.slow_after(5)
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"https://{DEFAULT}/simple/", True),
        (f"https://user:password@{DEFAULT.upper()}/simple", True),
        (f"http://www.{DEFAULT}/pypi", True),
        (f"https://{DEFAULT}.evil.test/simple/", False),
        (f"https://{DEFAULT}@evil.test/simple/", False),
        (f"https://mirror.test/{DEFAULT}/simple/", False),
        (f"https://test.{DEFAULT}/simple/", False),
        (f"https://[{DEFAULT}/simple/", False),
        ("${PYPI}/simple", False),
        ("", False),
    ],
)
def test_the_urls_of_pypi(url: str, *, expected: bool) -> None:
    assert is_pypi(url) == expected
