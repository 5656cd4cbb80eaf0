"""Credentials as a temporary netrc file, which exists only while images are built."""

from __future__ import annotations

import netrc
import os
import re
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry_fti.model.login import Login

# The characters that all versions of pip, uv and git (curl) parse alike.
_WORD: Final = re.compile(r"[!#$-&(-\[\]-~]+")


def own_netrc() -> str:
    """Return the text of the user's netrc file, or an empty text; raises FtiError if invalid."""
    home = Path.home() / ("_netrc" if os.name == "nt" else ".netrc")
    path = Path(os.environ.get("NETRC") or home).expanduser()
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        netrc.netrc(path)
    except FileNotFoundError:
        return ""
    except netrc.NetrcParseError as error:
        # Its message quotes the invalid word, which may be a password.
        message = f"{path} cannot be read: line {error.lineno}, or one near it, is invalid."
        raise FtiError(message) from None
    return text


def netrc_text(logins: Iterable[Login], own: str) -> str:
    """Return the text of a netrc file with logins, which take precedence over those in `own`.

    Raises FtiError for two logins of one host, and for one that cannot be written to a netrc file.
    """
    lines: dict[str, str] = {}
    for login in logins:
        line = _line(login)
        if lines.setdefault(login.host, line) != line:
            message = f"There are two logins for {login.host}, but a netrc can contain only one."
            raise FtiError(f"{message} Build the stages that need them separately.")
    text = "".join(lines.values())
    # Some programs use the first entry of a host, others the last one.
    return f"{text}{own}\n\n{text}" if text and own else text or own


def _line(login: Login) -> str:
    where = f"The login for {login.host}"
    words = (login.host, login.user, login.password)
    if not all(words):
        lacking = "password" if login.user else "user name"
        raise FtiError(f"{where} has no {lacking}, which a build needs.")
    if not all(map(_WORD.fullmatch, words)):
        message = f"{where} contains a space, a quote, a backslash or a character beyond ASCII,"
        raise FtiError(f"{message} which some readers of netrc files reject. Use a token instead.")
    return "machine {} login {} password {}\n".format(*words)


@contextmanager
def secret_file(text: str) -> Iterator[Path | None]:
    """Yield the path of a temporary file that only the user can read; None for an empty text."""
    if not text:
        yield None
        return
    with TemporaryDirectory(prefix="poetry-fti-") as folder:
        path = Path(folder) / "netrc"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode(errors="surrogateescape"))
        yield path
