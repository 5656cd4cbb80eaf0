"""What holds for every format."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fast.exporters.canned import PACKAGES, SECRET, STAGE, stage
from poetry_fti.exporters import EXPORTERS, PROJECT_EXPORTERS
from poetry_fti.exporters.shared.header import is_generated
from poetry_fti.model import FORMATS

if TYPE_CHECKING:
    from poetry_fti.model import LockedPackage


def test_every_format_has_an_exporter() -> None:
    assert sorted([*EXPORTERS, *PROJECT_EXPORTERS]) == list(FORMATS)
    assert list(EXPORTERS) == sorted(EXPORTERS)


@pytest.mark.parametrize("name", PROJECT_EXPORTERS)
def test_a_text_about_all_stages_is_as_the_others(name: str) -> None:
    for text in PROJECT_EXPORTERS[name].files([STAGE, stage()]).values():
        assert is_generated(text)
        assert text.endswith("\n")
        assert not text.endswith("\n\n")
        assert "\r" not in text
        assert "s3cret" not in text


every_format = pytest.mark.parametrize("name", EXPORTERS)


@every_format
def test_a_text_ends_in_one_newline_and_has_no_other_line_ending(name: str) -> None:
    for text in EXPORTERS[name].files(STAGE).values():
        assert text.endswith("\n")
        assert not text.endswith("\n\n")
        assert "\r" not in text


@every_format
def test_a_text_begins_with_where_it_comes_from(name: str) -> None:
    assert all(is_generated(text) for text in EXPORTERS[name].files(STAGE).values())


@every_format
def test_a_text_holds_no_credential(name: str) -> None:
    source = f'[[tool.poetry.source]]\nname = "a"\nurl = "https://{SECRET}a.example/simple"\n'
    for text in EXPORTERS[name].files(replace(STAGE, pyproject=source)).values():
        assert "s3cret" not in text


@pytest.mark.parametrize("name", sorted(EXPORTERS.keys() - {"dockerfile"}))
def test_a_text_holds_no_absolute_path(name: str) -> None:
    for text in EXPORTERS[name].files(STAGE).values():
        assert not re.search(r"(^|[\s'\"=])(/|file:/|[A-Z]:)", text, re.MULTILINE)


@every_format
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(packages=st.permutations(PACKAGES))
def test_the_order_of_packages_does_not_matter(name: str, packages: list[LockedPackage]) -> None:
    shuffled = [replace(package, files=package.files[::-1]) for package in packages]
    files = EXPORTERS[name].files(replace(STAGE, packages=tuple(shuffled)))
    assert files == EXPORTERS[name].files(STAGE)
