"""Requirements files are read as pip reads them."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import examples
from imported_files import ROOT, MemoryFiles, imported
from poetry_fti.errors import FtiError
from poetry_fti.importers.requirements.entries import read_entries

if TYPE_CHECKING:
    from pathlib import Path

WORDS: Final = st.sampled_from(
    [
        *("numpy", "numpy==1.26.4", "a[b]>=1,<2", "x ; python_version < '3.9'", "./local", "é"),
        *("-r", "-rother.txt", "-r other.txt", "--requirement=other.txt", "-c other.txt", "-c"),
        *("-e .", "-e", "--index-url https://e.org/s", "-i", "--extra-index-url=https://e.org"),
        *("--hash=sha256:00", "--no-binary :all:", "--pre", "--req other.txt", "--unknown"),
        *("-C a=b", "--find-links x", "https://e.org/a.zip#egg=a", "git+https://e.org/a@1"),
        *("#", " # note", "\\", "\\\n", "'", '"', "\t", " ", "\x0c", "${HOME}", "=", "\x85", ";"),
    ]
)
LINES: Final = st.lists(st.lists(WORDS, max_size=5).map(" ".join), max_size=8).map("\n".join)


def by_pip(folder: Path) -> list[tuple[str, bool, bool]] | None:
    # Only the slow test calls this, and importing pip takes a quarter of a second.
    from pip._internal.exceptions import InstallationError  # noqa: PLC0415
    from pip._internal.network.session import PipSession  # noqa: PLC0415
    from pip._internal.req.req_file import parse_requirements  # noqa: PLC0415

    def refuse(url: str, **_: object) -> NoReturn:
        raise InstallationError(url)

    # Our importer reads no file from a server either. To make a session takes longer than all else.
    session = object.__new__(PipSession)
    session.get = refuse
    try:
        found = list(parse_requirements(str(folder / "requirements.txt"), session))
    except InstallationError:
        return None
    return [(each.requirement, each.is_editable, each.constraint) for each in found]


def by_us(texts: dict[str, str | bytes]) -> list[tuple[str, bool, bool]] | None:
    try:
        found = read_entries(ROOT / "requirements.txt", MemoryFiles(texts))
    except FtiError:
        return None
    return [(each.text, each.is_editable, each.is_constraint) for each in found if each.text]


@pytest.mark.slow
@settings(max_examples=examples(300))
@given(LINES, LINES)
def test_the_same_requirements_as_pip(
    tmp_path_factory: pytest.TempPathFactory, text: str, other: str
) -> None:
    folder = tmp_path_factory.mktemp("pip")
    texts: dict[str, str | bytes] = {"requirements.txt": text, "other.txt": other}
    for name, content in (("requirements.txt", text), ("other.txt", other)):
        (folder / name).write_bytes(content.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("HOME")
        expected = by_pip(folder)
    assert by_us(texts) == expected


@pytest.mark.slow
@settings(max_examples=examples(300))
@given(st.one_of(LINES, st.text()), st.one_of(st.none(), st.binary()))
def test_any_file_is_read_or_refused(text: str, data: bytes | None) -> None:
    given_text = text.encode(errors="ignore") if data is None else data
    with suppress(FtiError):
        imported("requirements.txt", {"requirements.txt": given_text, "other.txt": "lib\n"})


def test_messages_are_on_one_line() -> None:
    with pytest.raises(FtiError) as error:
        imported("requirements.txt", "a\x1b[31m b\n")
    assert re.search(r"[\x00-\x1f]", str(error.value)) is None
