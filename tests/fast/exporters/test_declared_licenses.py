"""The licenses in a package's metadata, and those that are read back from an SBOM."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest
from cyclonedx.spdx import is_supported_id
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.licenses import canonicalize_license_expression

from cases import examples
from fast.exporters.canned import package, stage
from fast.exporters.schemas import sbom_problem
from poetry_fti.exporters import cyclonedx
from poetry_fti.exporters.sbom.classifiers import SPDX
from poetry_fti.exporters.sbom.declared import declared_licenses
from poetry_fti.exporters.sbom.written import with_written_licenses
from poetry_fti.model.licenses import License, LicenseMetadata
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedStage

OSI: Final = "License :: OSI Approved :: "
MIT_TEXT: Final = """\
MIT License

        Copyright (c) 2020 Somebody
        Permission is hereby granted"""
# As in scipy 1.14.
ENTHOUGHT: Final = """\
Copyright (c) 2001-2002 Enthought, Inc. 2003, SciPy Developers.
        All rights reserved."""
# As in kiwisolver 1.5.
UNDERLINED: Final = """\
=========================
         The Kiwi licensing terms
        ========================="""


def spdx(*texts: str) -> tuple[License, ...]:
    return tuple(License(each, is_spdx=True) for each in texts)


def named(*texts: str) -> tuple[License, ...]:
    return tuple(License(each, is_spdx=False) for each in texts)


def declared(
    expression: str = "", text: str = "", classifiers: tuple[str, ...] = ()
) -> tuple[License, ...]:
    listed = tuple(each if each.startswith("License ::") else OSI + each for each in classifiers)
    found = LicenseMetadata(expression=expression, text=text, classifiers=listed)
    return declared_licenses(found)


def test_an_expression_is_normalized_and_comes_first() -> None:
    assert declared("mit") == spdx("MIT")
    assert declared(" MIT or (apache-2.0 and LicenseRef-Own) ", "BSD", ("ISC License (ISCL)",)) == (
        spdx("MIT OR (Apache-2.0 AND LicenseRef-Own)")
    )
    assert declared("Apache 2.0 or later") == named("Apache 2.0 or later")


@pytest.mark.slow_after(6)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bsd-3-clause", spdx("BSD-3-Clause")),
        ("MIT OR Apache-2.0", spdx("MIT OR Apache-2.0")),
        ("BSD", named("BSD")),
        ("Apache 2.0", named("Apache 2.0")),
        ("MIT License", named("MIT License")),
        ("MIT + Commons Clause", named("MIT + Commons Clause")),
        (MIT_TEXT, named("MIT License")),
        (ENTHOUGHT, named("Copyright (c) 2001-2002 Enthought, Inc. 2003, SciPy Developers.")),
        (UNDERLINED, named("The Kiwi licensing terms")),
        ("        |  Own\n        |  terms", named("Own")),
        ("x" * 201, named("x" * 199 + "…")),
        ("UNKNOWN", ()),
        (" \n\t\n---\n", ()),
        ("", ()),
    ],
)
def test_a_text_is_an_expression_or_its_first_line(
    text: str, expected: tuple[License, ...]
) -> None:
    assert declared(text=text) == expected


def test_a_text_comes_before_classifiers() -> None:
    assert declared(text="BSD 3-Clause License", classifiers=("BSD License",)) == (
        named("BSD 3-Clause License")
    )
    assert declared(text="Apache-2.0", classifiers=("Apache Software License",)) == (
        spdx("Apache-2.0")
    )
    # It may have more conditions than the classifier says.
    assert declared(text="MIT + Commons Clause", classifiers=("MIT License",)) == (
        named("MIT + Commons Clause")
    )


def test_a_text_that_says_less_than_the_classifiers() -> None:
    assert declared(text=ENTHOUGHT, classifiers=("BSD License",)) == named("BSD License")
    assert declared(text="x" * 201 + "\ny", classifiers=("BSD License",)) == named("BSD License")
    assert declared(text="UNKNOWN", classifiers=("MIT License",)) == spdx("MIT")


@pytest.mark.parametrize("text", ["ISC License", "isc license (ISCL)", "ISC License\n\nCopyright"])
def test_a_text_that_repeats_a_classifier(text: str) -> None:
    assert declared(text=text, classifiers=("BSD License", "ISC License (ISCL)")) == spdx("ISC")


def test_classifiers() -> None:
    assert declared(classifiers=("MIT License",)) == spdx("MIT")
    assert declared(classifiers=("License :: OSI Approved", "MIT License")) == spdx("MIT")
    assert declared(classifiers=("License :: DFSG approved", "License :: OSI Approved")) == ()
    assert declared(classifiers=("License :: Other/Proprietary License",)) == (
        named("Other/Proprietary License")
    )
    assert declared(classifiers=("MIT License", "Apache Software License", "MIT License")) == (
        *spdx("MIT"),
        *named("Apache Software License"),
    )
    # As PEP 639 requires.
    for ambiguous in ("BSD License", "GNU General Public License v3 (GPLv3)", "Artistic License"):
        assert declared(classifiers=(ambiguous,)) == named(ambiguous)


def test_classifiers_have_valid_identifiers() -> None:
    assert [each for each in SPDX.values() if not is_supported_id(each)] == []
    assert [canonicalize_license_expression(each) for each in SPDX.values()] == [*SPDX.values()]
    assert len({*SPDX.values()}) == len(SPDX)


TEXTS: Final = st.one_of(
    st.text(),
    st.sampled_from(["MIT", "mit or", "(ISC)", "GPL-2.0+", "UNKNOWN", MIT_TEXT, ENTHOUGHT]),
    st.lists(
        st.sampled_from(
            ["MIT", "OR", "AND", "WITH", "(", ")", "LLVM-exception", "\n", "LicenseRef-x"]
        )
    ).map(" ".join),
)
METADATA: Final = st.builds(
    LicenseMetadata,
    expression=TEXTS,
    text=TEXTS,
    classifiers=st.lists(
        st.one_of(st.sampled_from([*SPDX]).map(OSI.__add__), st.text().map("License ::".__add__)),
        max_size=4,
    ).map(tuple),
)


def sbom(licenses: tuple[License, ...]) -> LockedStage:
    found = package("alpha", "1.0", "alpha-1.0.tar.gz")
    file = replace(found.files[0], digest="sha256:" + "0" * 64)
    return stage(replace(found, files=(file,), licenses=licenses))


def text_of(locked: LockedStage) -> str:
    (text,) = cyclonedx.files(locked).values()
    return text


@settings(max_examples=examples(300))
@given(METADATA)
def test_any_metadata_has_licenses_of_one_short_line(metadata: LicenseMetadata) -> None:
    found = declared_licenses(metadata)
    for each in found:
        assert each.text.strip()
        assert each.text == in_one_line(each.text)
        if each.is_spdx:
            assert canonicalize_license_expression(each.text) == each.text
    assert len(set(found)) == len(found)
    expressions = [each for each in found if each.is_spdx and not is_supported_id(each.text)]
    assert not expressions or len(found) == 1
    assert bool(found) or not metadata.expression.strip()


@pytest.mark.slow
@settings(max_examples=examples(30), deadline=None)
@given(METADATA)
def test_any_licenses_are_valid_and_read_back(metadata: LicenseMetadata) -> None:
    locked = sbom(declared_licenses(metadata))
    text = text_of(locked)
    assert sbom_problem(text) is None
    again = with_written_licenses(sbom(()), text)
    assert set(again.packages[0].licenses) == set(locked.packages[0].licenses)
    assert text_of(again) == text


JSON: Final = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(
        st.lists(inner),
        st.dictionaries(
            st.sampled_from(["license", "licenses", "id", "name", "expression", "text"]), inner
        ),
    ),
)


@pytest.mark.slow
@settings(max_examples=examples(30), deadline=None)
@given(JSON)
def test_what_is_not_valid_in_an_sbom_is_ignored(licenses: Any) -> None:  # noqa: ANN401 - anything
    component = {"bom-ref": "alpha@1.0", "licenses": licenses}
    for document in ({"components": [component, licenses]}, {"components": licenses}, licenses):
        locked = with_written_licenses(sbom(()), json.dumps(document))
        assert text_of(locked).startswith("{\n")


def test_an_expression_beside_another_license_is_a_name() -> None:
    two = sbom((*spdx("MIT OR ISC"), *spdx("MIT")))
    (_, component) = json.loads(text_of(two))["components"]
    assert component["licenses"] == [
        {"license": {"acknowledgement": "declared", "id": "MIT"}},
        {"license": {"acknowledgement": "declared", "name": "MIT OR ISC"}},
    ]


def test_an_unreadable_sbom_has_no_licenses() -> None:
    for text in ("", "{", "[" * 100_000, "\ud800", '{"components": [{"bom-ref": ["a"]}]}'):
        assert with_written_licenses(sbom(spdx("MIT")), text).packages[0].licenses == ()
