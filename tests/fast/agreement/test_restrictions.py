"""The fewest changes that allow a version, compared with all sets of changes."""

from __future__ import annotations

from itertools import chain, combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from cases import examples
from poetry_fti.agreement.restrictions import Restriction, UndeterminedError, fewest_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LIB = canonicalize_name("lib")
EVERY = [Restriction("requirement", LIB, by) for by in ("", "app", "mid", "tool", "zoo")]


def subsets(items: Iterable[Restriction]) -> Iterator[frozenset[Restriction]]:
    every = sorted(items)
    sizes = (combinations(every, size) for size in range(len(every) + 1))
    return map(frozenset, chain.from_iterable(sizes))


CLASHES = st.lists(st.frozensets(st.sampled_from(EVERY), max_size=4), max_size=4)


@settings(max_examples=examples(250), deadline=None, derandomize=True, database=None)
@given(clashes=CLASHES)
def test_they_are_all_single_changes_that_suffice_or_a_smallest_set(
    clashes: Sequence[frozenset[Restriction]],
) -> None:
    """Each of `clashes` excludes the version as long as all restrictions in it are there."""

    def proof(lifted: frozenset[Restriction]) -> frozenset[Restriction] | None:
        left = [each for each in clashes if lifted.isdisjoint(each)]
        # A proof may name more than one clash.
        return frozenset[Restriction]().union(*left[:2]) if left else None

    found = fewest_changes(LIB, proof)
    if proof(frozenset()) is None or proof(frozenset(EVERY)) is not None:
        assert found == ()
        return
    single = {frozenset([each]) for each in EVERY if proof(frozenset([each])) is None}
    if single:
        assert set(found) == single
        return
    (several,) = found
    assert [each for each in subsets(several) if proof(each) is None] == [several]


def test_what_is_lifted_in_vain_is_left_out_of_the_set() -> None:
    ours, apps, mids = EVERY[:3]
    named = {
        frozenset[Restriction](): {ours, apps},
        frozenset([ours]): {apps, mids},
        frozenset([ours, apps]): {mids},
    }

    def proof(lifted: frozenset[Restriction]) -> frozenset[Restriction] | None:
        left = {apps, mids} - lifted
        return frozenset(named.get(lifted, left)) if left else None

    assert fewest_changes(LIB, proof) == (frozenset([apps, mids]),)


def test_the_search_is_given_up() -> None:
    every = [Restriction("requirement", LIB, f"app{number}") for number in range(100)]

    def proof(lifted: frozenset[Restriction]) -> frozenset[Restriction]:
        return frozenset(every) - lifted

    with pytest.raises(UndeterminedError, match="60 runs of the solver"):
        fewest_changes(LIB, proof)
