"""YAML of unknown origin, compared with what PyYAML composes."""

from __future__ import annotations

from contextlib import suppress

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import examples
from poetry_fti.models.environments.yaml_documents import read_yaml
from poetry_fti.models.malformed import MalformedError

NAMES = st.text(alphabet="ab:#-'\" ~\nä", max_size=6)
VALUES = st.recursive(
    NAMES | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.slow
@settings(max_examples=examples(120), deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=4), st.sampled_from([True, False, None]))
def test_documents_are_those_of_pyyaml(document: object, flow: bool | None) -> None:  # noqa: FBT001
    text = yaml.safe_dump(document, default_flow_style=flow, allow_unicode=True)
    assert read_yaml(text) == yaml.load(text, yaml.BaseLoader)  # noqa: S506 - strings only


@pytest.mark.slow
@settings(max_examples=examples(180), deadline=None)
@given(st.text(alphabet="a:-[]{}&*!\"'\n #,?|>%\\U1") | st.text(max_size=20))
def test_other_text_raises_malformed_error_only(text: str) -> None:
    with suppress(MalformedError):
        read_yaml(text)


def test_tags_construct_no_objects_and_aliases_are_shared() -> None:
    text = (
        "a: !!python/object/apply:os.system [exit 1]\n"
        "b: &list [x, y]\n"
        "c: *list\n"
        "d: &d {<<: *list, self: *d}\n"
    )
    document = read_yaml(text)
    assert document == {
        "a": ["exit 1"],
        "b": ["x", "y"],
        "c": ["x", "y"],
        "d": {"<<": ["x", "y"], "self": ""},
    }
    assert document["b"] is document["c"]


def test_an_expansion_of_aliases_takes_no_memory() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    assert len(read_yaml("\n".join(lines))) == 40


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "its YAML is not a single mapping"),
        ("a", "its YAML is not a single mapping"),
        ("a: b\n---\nc: d", "its YAML is not a single mapping"),
        ("a: [", "it is not valid YAML"),
        ("a: *b", None),
        ("a: " + "[" * 41, "its YAML is nested too deeply"),
        ('a: "\\UFFFFFFFF"', "it is not valid YAML"),
        ("a: \0", "it is not valid YAML"),
    ],
    ids=range(8),
)
def test_what_is_not_read(text: str, reason: str | None) -> None:
    if reason is None:
        assert read_yaml(text) == {"a": ""}
        return
    with pytest.raises(MalformedError) as error:
        read_yaml(text)
    assert str(error.value) == reason


def test_very_deep_yaml() -> None:
    with pytest.raises(MalformedError):  # by PyYAML's C library, or here
        read_yaml("a: " + "[" * 1_000_000)
