"""Generated projects: what is named as the reason for a divergence is what keeps stages apart."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Final

import pytest

from small_index import lab, pyproject

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from small_index import Lab

STAGES: Final = ("feature", "training", "inference")
NAMES: Final = ("app", "lib", "mid", "zoo")
RANGES: Final = ("", "<2", "<3", ">=2", ">=3")
SAID: Final = re.compile(r"(?P<asker>\S+)(?: (?P<version>\S+))? requires (?P<name>\S+)(?: .+)?")


@dataclass
class World:
    """What stages ask for, and an index: who asks for what in which range."""

    stages: dict[str, dict[str, str]]
    releases: dict[str, dict[str, str]]

    def compare(self, demo: Lab) -> list[dict[str, Any]]:
        """Lock the stages from scratch, and return their divergences; None if one has no lock."""
        groups = {stage: written(asked) for stage, asked in self.stages.items()}
        demo.write(pyproject(groups))
        releases = {release: written(asked) for release, asked in self.releases.items()}
        result = demo.run(releases, "fti", "lock", "--regenerate", "--format", "json")
        if result.code != 0:
            pytest.skip("a stage cannot be solved")
        found: list[dict[str, Any]] = json.loads(result.output)["comparison"]["divergences"]
        return found

    def loosen(self, stage: str, text: str) -> None:
        """Let any version do where a reason names a requirement."""
        for part in re.split(r", (?:and )?", text):
            said = SAID.fullmatch(part)
            assert said, text
            release = f"{said['asker']} {said['version']}"
            asked = self.stages[stage] if said["version"] is None else self.releases[release]
            asked[said["name"]] = ""


def written(asked: dict[str, str]) -> list[str]:
    return [name + versions for name, versions in asked.items()]


def requirements(random: Random, names: Iterable[str], least: int, most: int) -> dict[str, str]:
    possible = list(names)
    chosen = random.sample(possible, min(len(possible), random.randint(least, most)))
    return {name: random.choice(RANGES) for name in sorted(chosen)}


def world(random: Random) -> World:
    """Return stages that often conflict, over packages that require those after them."""
    releases = {
        f"{name} {version}.0": requirements(random, NAMES[number + 1 :], 0, 2)
        for number, name in enumerate(NAMES)
        for version in (1, 2, 3)
    }
    count = random.choice((2, 3))
    return World({stage: requirements(random, NAMES, 1, 3) for stage in STAGES[:count]}, releases)


@pytest.mark.generated
@pytest.mark.parametrize("seed", range(30))
def test_without_what_is_named_in_the_end_all_agree(seed: int, tmp_path: Path) -> None:
    """Each divergence has reasons; once they are gone it is, or has others, which go next."""
    generated = world(Random(seed))  # noqa: S311 - no secret
    demo = lab(tmp_path)
    seen: set[str] = set()
    while found := generated.compare(demo):
        for divergence in found:
            assert divergence["reasons"], divergence
            texts = {f"{each['stage']}: {each['text']}" for each in divergence["reasons"]}
            assert not texts & seen, "it has been loosened"
            seen |= texts
            for reason in divergence["reasons"]:
                generated.loosen(reason["stage"], reason["text"])
