"""Text for people."""

from __future__ import annotations

import pytest

from poetry_fti.wording import (
    abbreviated,
    digest_name,
    harmless,
    in_quotes,
    short_commit,
    short_digest,
    suggestion,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\nc é 你 \U0001f600", "a\tb\nc é 你 \U0001f600"),
        ("\x1b[31mred\r\x0b\x7f", "\\x1b[31mred\\x0d\\x0b\\x7f"),
        ("\x85\u2028\u2029\u202e", "\\x85\\u2028\\u2029\\u202e"),
        ("\udc80", "\\udc80"),
    ],
)
def test_characters_that_a_terminal_acts_on_are_escaped(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_a_quoted_text_is_one_line() -> None:
    assert in_quotes("a\n\tb") == '"a\\n\\tb"'


def test_long_lists_are_abbreviated() -> None:
    assert abbreviated(["a"]) == "a"
    assert abbreviated(["a", "b", "c"]) == "a, b and c"
    assert abbreviated(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


def test_hashes_are_shortened_to_twelve_digits() -> None:
    assert short_commit("0123456789abcdef") == "0123456789ab"
    assert short_digest("sha256:0123456789abcdef") == "sha256:0123456789ab"
    assert short_digest("") == ""
    assert digest_name("sha256:0123456789abcdef") == "0123456789ab"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("trainig", '; did you mean "Training-2"?'),
        ("TRAINING_2", '; did you mean "Training-2"?'),
        ("FEATURE", '; did you mean "feature"?'),
        ("nowhere", ""),
    ],
)
def test_similar_words_are_suggested(word: str, meant: str) -> None:
    assert suggestion(word, {"feature", "Training-2"}) == meant
