"""Logins as a netrc that its readers read back."""

from __future__ import annotations

import netrc
import re
import stat
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import examples
from poetry_fti.errors import FtiError
from poetry_fti.model.login import Login
from poetry_fti.ports.netrc import netrc_text, own_netrc, secret_file

if TYPE_CHECKING:
    from pathlib import Path

HOSTS = st.from_regex(r"[a-z0-9-]{1,9}(\.[a-z]{2,5})?", fullmatch=True)
WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
LOGINS = st.builds(Login, HOSTS, WORDS, WORDS)


def read(text: str) -> dict[str, tuple[str, str]]:
    with secret_file(text) as path:
        assert path is not None
        found = netrc.netrc(path).hosts
    return {host: (user, password or "") for host, (user, _, password) in found.items()}


@settings(max_examples=examples(20))
@given(st.lists(LOGINS, min_size=1, max_size=5, unique_by=lambda login: login.host))
def test_what_is_written_is_read_back(logins: list[Login]) -> None:
    held = [each for each in logins if not set(each.user + each.password) & set("\"'\\")]
    for login in (each for each in logins if each not in held):
        with pytest.raises(FtiError):
            netrc_text([login], "")
    if held:
        expected = {each.host: (each.user, each.password) for each in held}
        assert read(netrc_text(held, "")) == expected


def test_logins_win_over_the_users_own() -> None:
    own = "machine a.example login x password y\nmachine b.example login z password z\n"
    text = netrc_text([Login("a.example", "u", "p")], own)
    assert text.startswith("machine a.example login u password p\n")
    assert read(text) == {"a.example": ("u", "p"), "b.example": ("z", "z")}
    assert netrc_text([], own) == own


@pytest.mark.parametrize(
    ("logins", "message"),
    [
        (
            [Login("a.example", "u", "p q")],
            (
                "The login for a.example contains a space, a quote, a backslash or a character"
                " beyond ASCII, which some readers of netrc files reject. Use a token instead."
            ),
        ),
        (
            [Login("a.example", "u", "")],
            "The login for a.example has no password, which a build needs.",
        ),
        (
            [Login("a.example", "", "p")],
            "The login for a.example has no user name, which a build needs.",
        ),
        (
            [Login("a.example", "u", "p"), Login("a.example", "u", "q")],
            (
                "There are two logins for a.example, but a netrc can contain only one."
                " Build the stages that need them separately."
            ),
        ),
    ],
)
def test_what_no_netrc_holds_is_refused(logins: list[Login], message: str) -> None:
    with pytest.raises(FtiError) as raised:
        netrc_text(logins, "")
    assert str(raised.value) == message


def test_a_login_hides_its_password() -> None:
    assert "hidden" not in repr(Login("a.example", "u", "hidden"))


def test_the_users_own_file_is_where_netrc_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "netrc"
    monkeypatch.setenv("NETRC", str(path))
    assert own_netrc() == ""
    path.write_text("machine a.example login u password p\n")
    assert own_netrc() == "machine a.example login u password p\n"
    path.write_text("machine a.example login u password p\nhidden\n")
    with pytest.raises(FtiError) as raised:
        own_netrc()
    # Where exactly depends on the version of Python.
    line = f"{path} cannot be read: line N, or one near it, is invalid."
    assert re.sub(r"line \d+", "line N", str(raised.value)) == line


def test_a_secret_is_the_users_alone_and_goes_away() -> None:
    with secret_file("text") as path:
        assert path is not None
        assert path.read_text() == "text"
        if sys.platform != "win32":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not path.parent.exists()
    with secret_file("") as nothing:
        assert nothing is None
