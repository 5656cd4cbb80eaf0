"""Selected strings of JSON documents, compared with what the standard library reads."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import examples
from poetry_fti.models.json_objects import json_objects
from poetry_fti.models.malformed import MalformedError

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = ("a", "b", '"')
WORDS = st.sampled_from([*KEYS, "", "c", "\\", "ä", "{", "a: [", "\n", "\\u0061"])
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)


def objects(value: Any, depth: int = 0, key: str = "") -> Iterator[tuple[int, str, dict[str, str]]]:  # noqa: ANN401
    if isinstance(value, dict):
        for name, each in value.items():
            yield from objects(each, depth + 1, name)
        strings = {k: v for k, v in value.items() if k in KEYS and isinstance(v, str)}
        yield depth, key, strings
    elif isinstance(value, list):
        for each in value:
            yield from objects(each, depth + 1)


@pytest.mark.slow
@settings(max_examples=examples(120), deadline=None)
@given(DOCUMENTS, st.sampled_from([None, 1]), st.booleans())
def test_objects_are_those_of_the_standard_library(
    document: object,
    indent: int | None,
    escaped: bool,  # noqa: FBT001
) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=escaped)
    found = [(each.depth, each.key, each.strings) for each in json_objects(text.encode(), KEYS)]
    assert found == list(objects(json.loads(text)))


@pytest.mark.slow
@settings(max_examples=examples(180), deadline=None)
@given(st.text(alphabet='{}[]",:\\ a1') | st.binary(max_size=20).map(lambda data: data.hex(" ")))
def test_other_text_raises_malformed_error_only(text: str) -> None:
    with suppress(MalformedError):
        list(json_objects(text.encode(), KEYS))


@pytest.mark.parametrize("text", ["{", "[}", "}", '"', '"\\"', "{'a': 1}", '"\\ud800"', "[\x00]"])
def test_what_is_not_json(text: str) -> None:
    with pytest.raises(MalformedError, match="its JSON is not valid"):
        list(json_objects(text.encode(), KEYS))
