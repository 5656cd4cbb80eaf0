"""URLs without credentials."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poetry_fti.urls import public_git_url, public_text, public_url, untrusted_host


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
    ],
)
def test_the_public_url_of_a_repository(url: str, expected: str) -> None:
    assert public_git_url(url) == expected


def test_the_public_text() -> None:
    text = 'a = ["b @ git+https://u:p@git.example/b", "me@mail.example"]\nc = "https://t@c.example"'
    expected = 'a = ["b @ git+https://git.example/b", "me@mail.example"]\nc = "https://c.example"'
    assert public_text(text) == expected


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
