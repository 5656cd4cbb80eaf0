"""Values as Python source."""

from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from poetry_fti.exporters.platforms.pipelines.python_text import call_text, value_text

SCALARS = st.text() | st.integers() | st.booleans() | st.none()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(value=VALUES, level=st.integers(0, 5))
def test_python_reads_the_value_that_was_written(value: object, level: int) -> None:
    text = value_text(value, level)
    assert ast.literal_eval(text) == value
    assert all(line.isprintable() for line in text.split("\n"))


def test_a_long_value_has_a_line_for_each_item() -> None:
    value = {"a": ["b" * 40, "c" * 40], "d": {"e": "f"}}
    assert value_text({"d": {"e": "f"}}, 0) == "{'d': {'e': 'f'}}"
    assert value_text(value, 1) == (
        "{\n"
        f"        'a': [\n            '{'b' * 40}',\n            '{'c' * 40}',\n        ],\n"
        "        'd': {'e': 'f'},\n"
        "    }"
    )


def test_a_call_has_a_line_for_each_argument() -> None:
    assert call_text("f", {"a": "1", "b": "[]"}, 1) == "f(\n        a=1,\n        b=[],\n    )"
