"""A requirement's text means what poetry-core says that it means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from poetry.core.packages.dependency import Dependency

import cases
from cases import examples
from poetry_fti.bridge.index.requirements import parsed_requirement
from poetry_fti.bridge.markers import clear_marker_caches, parsed_marker
from recorded import recorded, recorded_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


pytestmark = pytest.mark.slow

INVALID = "tinycss2 (>=1.1.0<1.2) ; extra == 'css'"


def facts(dependency: Dependency) -> dict[str, Any]:
    """Return all that a solver or a lock can see of a dependency."""
    return {
        **{key: str(value) for key, value in vars(dependency).items() if key[0] == "_"},
        "class": type(dependency),
        "name": dependency.pretty_name,
        "complete name": dependency.complete_name,
        "constraint": dependency.constraint,
        "constraint's text": (str(dependency.constraint), dependency.pretty_constraint),
        "marker": str(dependency.marker),
        "extras": dependency.extras,
        "in extras": dependency.in_extras,
        "python": (dependency.python_versions, dependency.python_constraint),
        "optional": (dependency.is_optional(), dependency.is_activated()),
        "texts": (dependency.to_pep_508(), dependency.to_pep_508(with_extras=False)),
    }


def read(parse: Callable[[str], Dependency], texts: Iterable[str]) -> list[object]:
    """Return what a parser makes of texts: dependencies with their facts, or kinds of errors."""
    # How poetry-core writes a marker depends on those that it has seen before.
    clear_marker_caches()
    parsed_marker.cache_clear()
    parsed_requirement.cache_clear()
    return [_read(parse, text) for text in texts]


def _read(parse: Callable[[str], Dependency], text: str) -> object:
    try:
        dependency = parse(text)
    except Exception as error:  # noqa: BLE001 - which one it is is compared
        return type(error)
    return dependency, facts(dependency)


def recorded_texts() -> list[str]:
    """Return the requirements in the record, one of those that differ in names and numbers only.

    The numbers in markers are kept: Pythons are compared in many ways.
    """
    releases = [release for name in recorded_names() for release in recorded(name)]
    texts = {text for release in releases for text in release.headers("Requires-Dist")}
    kinds = {kind(text): text for text in sorted(texts)}
    return list(kinds.values())


def kind(text: str) -> tuple[str, str]:
    """Return a requirement with other names and numbers."""
    requirement, _, marker = text.partition(";")
    return (
        re.sub(r"^[\w.-]+|\d+", "0", requirement),
        re.sub(r"(extra *== *.)[\w.-]+", r"\1x", marker),
    )


@pytest.mark.sampled
def test_every_recorded_requirement() -> None:
    texts = [*recorded_texts(), INVALID]
    assert len(texts) > (800 if cases.ALL else 30)
    expected = read(Dependency.create_from_pep_508, texts)
    assert read(parsed_requirement, texts) == expected
    invalid = [text for text, found in zip(texts, expected, strict=True) if isinstance(found, type)]
    assert set(invalid) == {INVALID}


def mostly(usual: list[str], odd: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(usual * (1 + 5 * len(odd) // len(usual)) + odd)


SPACE = mostly(["", " "], ["  ", "\t"])
NAMES = mostly(
    ["a", "A", "numpy", "zope.interface", "Foo__Bar", "a-b.c_d", "1x"],
    ["q.whl", "a.tar.gz", "x-1.0-py3-none-any.whl", "a.zip", "a-", "a_", "-a", ".", "a b", "é", ""],
)
EXTRAS = mostly(
    ["", "[x]", "[x,Y_z]", "[ x , z.1 ]"],
    [
        "[]",
        "[ ]",
        "[x,x]",
        "[x y]",
        "[x,]",
        "[,x]",
        "[x",
        "[x][y]",
        "[-x]",
        "[x-]",
        "[.x]",
        "[x\n]",
    ],
)
OPERATORS = mostly(["==", ">=", "<", "<=", ">", "!=", "~="], ["===", "~", "^", "=", "", "=>"])
VERSIONS = mostly(
    ["1", "1.0", "1.2.3", "2022.7"],
    [
        *("1!2.0", "1.0rc1", "1.0.post1.dev2", "1.0+local.1", "v1", "V2", "1.0-1", "1.0-dev"),
        *("2.*", "*", "1.*.1", ".1", "1.", "x", "", "1 2", "1.0 - 2.0", "1||2", "1 ,", "1)", "1\n"),
    ],
)
CLAUSES = st.lists(
    st.tuples(SPACE, OPERATORS, SPACE, VERSIONS, SPACE).map("".join), min_size=1, max_size=3
)
SPECIFIERS = st.builds(
    lambda form, comma, clauses: form.format(comma.join(clauses)),
    mostly(["{}", "({})"], ["({}", "{})", "( {} ), <3", "()", "(({}))"]),
    mostly([","], [" ", ",,", "||"]),
    CLAUSES,
)
ADDRESSES = st.sampled_from(
    [
        "@ https://x.org/a-1.0-py3-none-any.whl",
        "@https://x.org/a.zip#sha256=1",
        "@ git+https://x.org/y.git@v1",
        "@",
    ]
)
MARKERS = mostly(
    [
        'python_version < "3.9"',
        "python_version<'3.9' and extra == 'x'",
        'extra == "X_y" or extra=="z"',
        '(os_name == "nt" or sys_platform == "darwin") and extra == \'gpu\'',
        'platform_machine in "x86_64 aarch64"',
        'python_version == "2.7" and python_version > "3"',
        'python_full_version<"3.10.0a1"',
        "os_name == 'nt' or python_version not in '2.7, 3.0' and extra== 'x'",
        'platform_python_implementation != "PyPy" or extra == "y" or extra == "z"',
    ],
    [
        *('"3.9" <= python_version', "sys.platform == 'linux'", 'python_version ~= "3.9"'),
        *('extra != "x"', 'platform_release >= "5"', 'os_name\n== "nt"', 'os_name == "a;#b"'),
        *(
            "extra == 'x'and os_name == 'nt'",
            "extra == 'x' and",
            'os_name == "a\\\\b"',
            "extra in 'x'",
        ),
        *('os_name == "nt";', 'os_name == "nt', "os_name", "(", "x == 'y'", 'os_name = "nt"'),
        *("", " ", 'os_name == "nt" # why', 'os_name == "nt" #', "os_name == 'é'"),
    ],
)
CONDITIONS = st.tuples(SPACE, st.just(";"), SPACE, MARKERS, SPACE).map("".join)
ENDS = mostly([""], [" # a comment", "# no comment", " # a ; os_name == 'nt'", "\n", "\r", "é"])
TEXTS = st.tuples(
    *(SPACE, NAMES, SPACE, EXTRAS, SPACE),
    st.just("") | SPECIFIERS | SPECIFIERS | ADDRESSES,
    st.just("") | CONDITIONS | CONDITIONS,
    ENDS,
).map("".join)


@settings(max_examples=examples(120), deadline=None)
@given(TEXTS)
def test_any_text(text: str) -> None:
    assert read(parsed_requirement, [text]) == read(Dependency.create_from_pep_508, [text])
