"""Why stages differ where it is not a requirement that their locks show, as commands say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from memory_index import DEFAULT
from poetry_fti.operations.comparison import compare_project
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from memory_index import MemoryProject
    from poetry_fti.operations.locking.lock import LockResult
    from small_index import Releases

pytestmark = pytest.mark.slow

SOURCES: Final = "".join(
    f"""\
[[tool.poetry.source]]
name = "{name}"
url = "https://{name}.example/simple/"
priority = "explicit"
"""
    for name in ("cpu", "gpu")
)


def differences(demo: MemoryProject, results: Mapping[str, LockResult]) -> list[str]:
    """Return a line for each stage that differs: the reason, or whether an update helps."""
    explanations = [each for result in results.values() for each in result.explanations]
    comparison = compare_project(demo.load(), explanations)
    assert comparison is not None
    return [
        line
        for found in comparison.divergences
        for line in (
            *(f"{found.name}: {each.stage}: {each.text}" for each in found.reasons),
            *(f"{found.name}: {stage}: can be closed" for stage in found.closable),
            *(f"{found.name}: {stage}: unknown" for stage in found.unexplained),
        )
    ]


def from_source(group: str, source: str, version: str = "2.9.*") -> str:
    """Return a requirement on torch from a source."""
    table = f"[tool.poetry.group.{group}.dependencies]"
    return f'{table}\ntorch = {{version = "{version}", source = "{source}"}}\n'


def test_a_requirement_of_an_extra_is_a_reason(demo: MemoryProject) -> None:
    demo.index.offer(
        {
            "spark 3.5": ["arr<2; extra == 'connect'", "other<1; extra == 'unused'"],
            "arr 1.0": [],
            "arr 2.0": [],
            "types 0.5": ["arr>=2"],
        }
    )
    demo.write(pyproject({"feature": ["spark[connect]"], "training": ["types"]}))
    results = demo.lock()
    expected = ["arr: feature: spark 3.5 requires arr <2"]
    assert differences(demo, results) == expected
    assert not any(result.explanations for result in results.values())
    assert differences(demo, {}) == expected, "as read from the locks"


def test_a_source_is_a_reason(demo: MemoryProject) -> None:
    demo.index.offer({"torch 2.9.1+cpu": []}, "cpu.example")
    demo.index.offer({"torch 2.9.2+cu128": []}, "gpu.example")
    stages = from_source("training", "gpu") + from_source("inference", "cpu")
    demo.write(pyproject({}, stages + SOURCES))
    expected = (
        'torch: inference: pyproject.toml takes it from the source "cpu", and in training from'
        ' "gpu"'
    )
    assert differences(demo, demo.lock()) == [expected]


@pytest.mark.parametrize(
    ("newest", "expected"),
    [
        (
            "gpu.example",
            'inference: pyproject.toml takes it from the source "gpu" only in training',
        ),
        (DEFAULT, 'training: pyproject.toml takes it from the source "gpu"'),
    ],
)
def test_the_source_of_one_stage_is_a_reason_if_the_other_lacks_the_version(
    demo: MemoryProject, newest: str, expected: str
) -> None:
    for host in (DEFAULT, "gpu.example"):
        demo.index.offer({f"torch 2.9.{2 if host == newest else 1}": []}, host)
    demo.write(pyproject({"inference": ["torch"]}, from_source("training", "gpu") + SOURCES))
    assert differences(demo, demo.lock()) == [f"torch: {expected}"]
    assert differences(demo, {})[0].endswith(": unknown"), "the locks do not show it"


def locked_before(demo: MemoryProject, releases: Releases, stage: str, requirement: str) -> None:
    """Lock one stage, whose versions are kept."""
    demo.index.offer(releases)
    demo.write(pyproject({stage: [requirement]}))
    demo.lock()


def test_a_pre_release_is_a_reason(demo: MemoryProject) -> None:
    locked_before(demo, {"metrics 1.1": [], "metrics 2.0rc1": []}, "inference", "metrics")
    allowing = '[tool.poetry.group.{}.dependencies]\nmetrics = {{version = ">=2.0rc0", '
    allowing += "allow-prereleases = true}}\n"
    demo.write(pyproject({"inference": ["metrics>=1"]}, allowing.format("training")))
    expected = ["metrics: inference: only training allows pre-releases of metrics"]
    assert differences(demo, demo.lock()) == expected
    demo.write(pyproject({"inference": ["metrics>=1"], "training": ["metrics==2.0rc1"]}))
    expected = ["metrics: inference: metrics 2.0rc1 is a pre-release"]
    assert differences(demo, demo.lock()) == expected


def test_that_a_release_is_yanked_is_a_reason(demo: MemoryProject) -> None:
    releases = {"lib 1.0": [], "lib 2.0": ["yanked broken"]}
    locked_before(demo, releases, "feature", "lib")
    demo.write(pyproject({"feature": ["lib>=1"], "training": ["lib==2.0"]}))
    assert differences(demo, demo.lock()) == ["lib: feature: lib 2.0 is yanked"]


def test_a_version_that_sources_no_longer_have_is_a_reason(demo: MemoryProject) -> None:
    locked_before(demo, {"lib 1.0": [], "lib 2.0": []}, "training", "lib")
    demo.write(pyproject({"feature": ["lib"], "training": ["lib"]}))
    demo.index.offer({"lib 1.0": []})
    demo.clear_cache()
    expected = ["lib: feature: the package sources do not offer lib 2.0"]
    assert differences(demo, demo.lock("feature")) == expected


def test_requirements_that_never_apply_are_no_reasons(demo: MemoryProject) -> None:
    locked_before(demo, {"lib 1.0": [], "lib 2.0": []}, "training", "lib==1.0")
    asked = ["lib<2; sys_platform == 'win32'", "lib<2; python_version < '3.11'", "lib"]
    linux = '[tool.fti.stages.training]\nplatforms = ["linux/amd64"]\n[tool.fti.stages.feature]\n'
    demo.write(pyproject({"feature": ["lib>1"], "training": asked}, linux))
    assert differences(demo, demo.lock()) == ["lib: training: can be closed"]


def test_a_requirement_for_a_part_of_the_targets_is_a_reason(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [], "lib 2.0": []})
    asked = ["lib<2; sys_platform == 'win32'", "lib>1; sys_platform != 'win32'"]
    demo.write(pyproject({"feature": ["lib>1"], "training": asked}))
    assert differences(demo, demo.lock()) == ["lib: training: pyproject.toml requires lib <2"]


FAR: Final[Releases] = {
    "lib 1.0": [],
    "lib 2.0": ["mid"],
    "mid 1.0": ["other<2"],
    "mid 2.0": ["other<1"],
    "app 1.0": ["other>=2"],
    "other 0.5": [],
    "other 1.0": [],
    "other 2.0": [],
}


def test_what_a_version_entails_is_a_reason(demo: MemoryProject) -> None:
    demo.index.offer(FAR)
    demo.write(pyproject({"feature": ["app", "lib"], "training": ["lib>1", "mid==1.0"]}))
    results = demo.lock()
    deduced = "lib 2.0 requires mid, mid 1.0 requires other <2, and app 1.0 requires other >=2"
    assert f"lib: feature: {deduced}" in differences(demo, {})
    # Other versions of mid would not do either.
    solved = (
        "lib 2.0 requires mid, mid 2.0 requires other <1, mid 1.0 requires other <2, and app 1.0"
        " requires other >=2"
    )
    assert f"lib: feature: {solved}" in differences(demo, results)


def test_a_difference_from_another_time_can_be_closed(demo: MemoryProject) -> None:
    locked_before(demo, {"lib 1.0": []}, "feature", "lib")
    demo.index.offer({"lib 1.0": [], "lib 2.0": []})
    demo.write(pyproject({"feature": ["lib"], "training": ["lib>1"]}))
    results = demo.lock()
    assert differences(demo, results) == ["lib: feature: unknown"], "feature is not solved"
    demo.write(pyproject({"feature": ["lib>=1"], "training": ["lib>=2"]}))
    assert differences(demo, demo.lock()) == ["lib: feature: can be closed"]
    demo.update("lib")
    assert demo.locked == {"feature": "lib 2.0", "training": "lib 2.0"}


def test_what_is_only_locked_is_no_requirement_but_no_update_is_advised_that_keeps_it(
    demo: MemoryProject,
) -> None:
    before: Releases = {"app 1.0": ["lib"], "lib 1.0": [], "other 1.0": [], "other 2.0": []}
    demo.index.offer(before)
    demo.write(pyproject({"feature": ["app", "other"]}))
    demo.lock()
    demo.index.offer({**before, "lib 2.0": ["other<2"]})
    demo.write(pyproject({"feature": ["app", "other>=1"], "training": ["lib>1"]}))
    assert differences(demo, demo.lock()) == [
        "lib: feature: lib 2.0 requires other <2, and other 2.0 is locked",
        "other: training: lib 2.0 requires other <2",
    ]
    demo.update("lib")
    assert demo.locked["feature"] == "app 1.0, lib 1.0, other 2.0"
    demo.update("lib", "other")
    assert demo.locked["feature"] == "app 1.0, lib 2.0, other 1.0"


def test_of_stages_with_the_same_version_one_reason_is_enough(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [], "lib 2.0": ["python>=3.12"]})
    groups = {"feature": ["lib"], "training": ["lib"], "inference": ["lib>1"]}
    newer = '[tool.fti.stages.{}]\npython = ">=3.12"\n'
    older = '[tool.fti.stages.{}]\nkind = "feature"\ngroups = ["feature"]\n'
    settings = newer.format("training") + newer.format("inference") + older.format("second")
    demo.write(pyproject(groups, settings + "[tool.fti.stages.feature]\n"))
    results = demo.lock()
    assert demo.locked["training"] == "lib 1.0", "to agree with two others"
    assert differences(demo, results) == [
        "lib: feature: lib 2.0 requires Python >=3.12",
        "lib: second: lib 2.0 requires Python >=3.12",
    ]


def test_locking_without_alignment_does_not_ask_the_solver(demo: MemoryProject) -> None:
    demo.index.offer(FAR)
    demo.write(pyproject({"feature": ["app", "lib"], "training": ["lib>1", "mid==1.0"]}))
    results = demo.lock(aligned=False)
    assert not any(result.explanations for result in results.values())


def test_a_python_that_the_newest_version_of_others_excludes_as_well_is_no_reason(
    demo: MemoryProject,
) -> None:
    def split(older: str, newer: str) -> list[str]:
        return [f"lib{older}; python_version < '3.12'", f"lib{newer}; python_version >= '3.12'"]

    demo.index.offer({"lib 0.5": []})
    demo.write(pyproject({"feature": split(">0.3", ">0.4")}))
    demo.lock()
    demo.index.offer({"lib 0.5": [], "lib 1.0": [], "lib 2.0": ["python>=3.12"]})
    demo.write(pyproject({"feature": split(">0.1", ">0.2"), "training": split(">0.6", ">0.7")}))
    own = "lib: training: lib 2.0 requires Python >=3.12"
    assert differences(demo, demo.lock()) == [own, "lib: feature: can be closed"]
    assert demo.locked == {"feature": "lib 0.5", "training": "lib 1.0, lib 2.0"}
    demo.write(pyproject({"feature": split(">0.2", ">0.3"), "training": split(">0.6", ">0.7")}))
    assert differences(demo, demo.lock()) == [own, "lib: feature: unknown"]
    demo.update("lib")
    assert demo.locked == {"feature": "lib 1.0, lib 2.0", "training": "lib 1.0, lib 2.0"}
