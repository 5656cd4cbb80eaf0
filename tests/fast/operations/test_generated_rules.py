"""Generated rules of agreement are met exactly if brute force finds that they can be."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import TYPE_CHECKING, Final

import pytest
from packaging.specifiers import SpecifierSet

from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from memory_index import MemoryProject

pytestmark = pytest.mark.generated

STAGES: Final = ("feature", "training", "inference")
NAMES: Final = ("app", "lib", "mid", "zoo")
RANGES: Final = ("", "<2", "<3", ">=2", ">=3", "==1.0", "==2.0", "!=2.0", "!=3.0", ">=2,<3")
NUMBERS: Final = ("1.0", "2.0", "2.1", "3.0")


class World:
    """A generated index, what stages ask of it, and a rule; brute force knows the solutions."""

    def __init__(self, random: Random) -> None:
        self.releases: dict[str, dict[str, str]] = {}
        for place, name in enumerate(NAMES):
            for number in sorted(random.sample(NUMBERS, random.randint(2, 3))):
                asked = self.asked(random, NAMES[place + 1 :], 0)
                self.releases[f"{name} {number}"] = asked
        count = random.choice((2, 3))
        self.stages = {stage: self.asked(random, NAMES, 1) for stage in STAGES[:count]}
        self.bound = sorted(random.sample(NAMES, random.randint(1, 2)))
        self.level = random.choice(("exact", "minor", "major"))

    @staticmethod
    def asked(random: Random, names: Sequence[str], least: int) -> dict[str, str]:
        chosen = random.sample(names, min(len(names), random.randint(least, 2)))
        return {name: random.choice(RANGES) for name in sorted(chosen)}

    def solutions(self, stage: str) -> Iterator[dict[str, str]]:
        """Yield all that a stage can have, nothing in it without a reason."""
        versions = {
            name: [v for n, v in map(str.split, self.releases) if n == name] for name in NAMES
        }
        for choice in product(*([None, *versions[name]] for name in NAMES)):
            chosen = {name: v for name, v in zip(NAMES, choice, strict=True) if v}
            if self.is_consistent(stage, chosen):
                yield chosen

    def is_consistent(self, stage: str, chosen: Mapping[str, str]) -> bool:
        demands = [self.stages[stage], *(self.releases[f"{n} {v}"] for n, v in chosen.items())]
        reached, waiting = set[str](), list(self.stages[stage])
        while waiting:
            name = waiting.pop()
            if name in chosen and name not in reached:
                reached.add(name)
                waiting.extend(self.releases[f"{name} {chosen[name]}"])
        return reached == chosen.keys() and all(
            name in chosen and SpecifierSet(asked).contains(chosen[name])
            for demand in demands
            for name, asked in demand.items()
        )

    def part(self, chosen: Mapping[str, str]) -> tuple[str | None, ...]:
        """Return what the rule binds of a solution, None for a package that it has not."""
        length = {"exact": 9, "minor": 2, "major": 1}[self.level]
        return tuple(
            ".".join(chosen[name].split(".")[:length]) if name in chosen else None
            for name in self.bound
        )

    def combinations(self) -> list[bool]:
        """Tell of all that stages can have together whether the rule holds."""
        parts = [{self.part(each) for each in self.solutions(stage)} for stage in self.stages]
        return [self.holds(choice) for choice in product(*parts)]

    @staticmethod
    def holds(parts: Sequence[tuple[str | None, ...]]) -> bool:
        return all(
            len({each for each in column if each}) < 2 for column in zip(*parts, strict=True)
        )


def world(random: Random) -> World:
    """Return a world in which each stage has a solution, and the rule matters."""
    while all((generated := World(random)).combinations()):
        pass
    return generated


@pytest.mark.parametrize("seed", range(20))
def test_a_generated_rule_is_met_exactly_if_brute_force_can_meet_it(
    seed: int, demo: MemoryProject
) -> None:
    generated = world(Random(seed))  # noqa: S311 - no secret
    demo.write(
        pyproject(
            {stage: written(asked) for stage, asked in generated.stages.items()},
            f"""\
[[tool.fti.align]]
packages = {generated.bound}
stages = {list(generated.stages)}
level = "{generated.level}"
""",
        )
    )
    demo.index.offer({release: written(asked) for release, asked in generated.releases.items()})
    errors = [result.error for result in demo.lock().values() if result.error]
    assert (not errors) == any(generated.combinations()), errors
    if errors:
        assert demo.locked == {}
        return
    held = {
        stage: {pin.split()[0]: pin.split()[1] for pin in pins.split(", ")}
        for stage, pins in demo.locked.items()
    }
    assert held.keys() == generated.stages.keys()
    assert all(generated.is_consistent(stage, chosen) for stage, chosen in held.items())
    assert generated.holds([generated.part(chosen) for chosen in held.values()])


def written(asked: Mapping[str, str]) -> list[str]:
    return [name + versions for name, versions in asked.items()]
