"""Version constraints of the configuration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from poetry_fti.bridge.project.checks import constraint_problems
from poetry_fti.model.problem import Problem


@pytest.mark.parametrize("text", [">=2", "*", "^1.2", "~=1.4", "1.*", "<1 || >=2,<3", "==1.0+cpu"])
def test_constraints_of_poetry_and_of_pep_440_are_valid(text: str) -> None:
    assert constraint_problems([("a.b", text)]) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", '"" is not a version constraint such as ">=2,<3" or "*"'),
        (">=two", '">=two" is not a version constraint such as ">=2,<3" or "*"'),
        (">=2 ||", '">=2 ||" is not a version constraint such as ">=2,<3" or "*"'),
        ("<1,>2", '"<1,>2" allows no version'),
    ],
)
def test_a_wrong_constraint_is_told_with_its_path(text: str, message: str) -> None:
    assert constraint_problems([("a.b", "*"), ("a.c", text)]) == [Problem("a.c", message)]


@given(st.text() | st.text("0123456789.<>=!~^*,| abdevpost+-"))
def test_any_text_is_read_or_told(text: str) -> None:
    assert all(problem.path == "a" for problem in constraint_problems([("a", text)]))


@given(
    st.sampled_from(["==", "!=", ">=", "<=", "~="]),
    st.lists(st.integers(0, 99), min_size=2, max_size=4),
)
def test_what_pep_440_allows_is_no_problem(operator: str, release: list[int]) -> None:
    specifiers = SpecifierSet(operator + ".".join(map(str, release)))
    assert constraint_problems([("a", str(specifiers))]) == []
