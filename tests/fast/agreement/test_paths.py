"""The paths to a package, compared with all walks through small generated graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import cases
from poetry_fti.agreement.paths import MOST_PATHS, requirers
from poetry_fti.model.dependency_graph import Dependency, DependencyGraph, DependentPackage
from poetry_fti.model.lock import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.agreement.paths import Requirers

TARGET: Final = canonicalize_name("t")
NAMES: Final = ("a", "b", "c", "d", "t")
# Packages by name: pairs of the extra that has a requirement, and what is required.
GRAPHS: Final = st.fixed_dictionaries(
    {
        name: st.sets(
            st.tuples(
                st.sampled_from(["", "x"]),
                st.sampled_from([*NAMES, *(f"{each}[x]" for each in NAMES)]),
            ),
            max_size=5,
        )
        for name in ("", *NAMES)
    }
)


def dependency(extra: str, required: str, declared: str = "") -> Dependency:
    name, _, rest = required.partition("[")
    return Dependency(
        requirement=Requirement(name=canonicalize_name(name), ranges=(SpecifierSet(),)),
        extras=(canonicalize_name("x"),) if rest else (),
        for_extras=(canonicalize_name(extra),) if extra else (),
        declared=declared,
    )


def graph(requires: dict[str, set[tuple[str, str]]]) -> DependencyGraph:
    return DependencyGraph(
        direct=tuple(dependency("", required, "here") for _, required in sorted(requires[""])),
        packages=tuple(
            DependentPackage(
                name=canonicalize_name(name),
                version=Version("1"),
                requires=tuple(dependency(*pair) for pair in sorted(requires[name])),
            )
            for name in NAMES
        ),
    )


def walks(
    requires: dict[str, set[tuple[str, str]]], path: tuple[str, ...] = ("",)
) -> Iterator[tuple[str, ...]]:
    """Yield all walks from pyproject.toml to the target that visit no package or extra twice."""
    name, _, extra = path[-1].removesuffix("]").partition("[")
    for having, required in requires[name]:
        if having != extra and name:
            continue
        plain = required.partition("[")[0]
        if plain == TARGET:
            yield (*path[1:], required)
            continue
        for node in {plain, required}:
            if node not in path:
                yield from walks(requires, (*path, node))


def found(result: Requirers) -> list[tuple[str, ...]]:
    return [
        (*path[1:], str(each.dependency).strip()) for each in result.required for path in each.paths
    ]


@given(GRAPHS)
@settings(max_examples=cases.examples(90))
def test_all_paths_are_all_walks(requires: dict[str, set[tuple[str, str]]]) -> None:
    expected = set(walks(requires))
    result = requirers(graph(requires), TARGET, all_paths=True)
    paths = found(result)
    if result.is_complete:
        assert set(paths) == expected
    assert len(paths) == len(set(paths))
    for each in result.required:
        assert list(map(len, each.paths)) == sorted(map(len, each.paths))
        assert all(path[0] == "here" for path in each.paths)


@given(GRAPHS)
@settings(max_examples=cases.examples(90))
def test_each_requirement_has_a_shortest_path(requires: dict[str, set[tuple[str, str]]]) -> None:
    lengths: dict[tuple[str, ...], int] = {}
    for walk in walks(requires):
        end = walk[-2:]
        lengths[end] = min(len(walk), lengths.get(end, len(walk)))
    paths = found(requirers(graph(requires), TARGET))
    assert {path[-2:]: len(path) for path in paths} == lengths
    assert len(paths) == len(lengths)
    assert list(map(len, paths)) == sorted(map(len, paths))


def test_the_number_of_paths_is_limited() -> None:
    # Each layer of two packages doubles the number of paths.
    layers = [(f"l{number}", f"r{number}") for number in range(10)]
    packages = [
        DependentPackage(
            name=canonicalize_name(name),
            version=Version("1"),
            requires=tuple(dependency("", each) for each in following),
        )
        for layer, following in zip(layers, [*layers[1:], ("t",)], strict=True)
        for name in layer
    ]
    direct = tuple(dependency("", name, "here") for name in ("l0", "r0", "l9"))
    result = requirers(
        DependencyGraph(direct=direct, packages=(*packages,)), TARGET, all_paths=True
    )
    assert not result.is_complete
    left, right = result.required
    assert left.paths[0] == ("here", "l9")
    # The shortest path to each requirement is among them.
    assert len(left.paths) + len(right.paths) in (MOST_PATHS, MOST_PATHS + 1)
