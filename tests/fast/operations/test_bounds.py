"""Overrides of the project, and constraints: in which stages they apply, and what is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from memory_commands import run
from poetry_fti.config.import_names import package_suggestion
from poetry_fti.operations.locking.unmatched import unmatched_warnings
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from memory_index import MemoryProject
    from small_index import Releases

RELEASES: Final[Releases] = {
    "app 1.0": ["lib<2"],
    "lib 1.0": [],
    "lib 2.0": [],
    "mid 1.0": [],
}
GROUPS: Final = {"feature": ["mid"], "training": ["app"]}


@pytest.mark.slow
def test_an_override_of_the_project_applies_in_every_stage(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    own = '[tool.fti.overrides]\nlib = ">=2"\n[tool.fti.stages.inference.overrides]\nlib = "<2"\n'
    groups = {"training": ["app"], "inference": ["app"]}
    demo.write(pyproject(groups, own + "[tool.fti.stages.training]\n"))
    demo.lock()
    assert unmatched_warnings(demo.load()) == []
    assert demo.locked == {"inference": "app 1.0, lib 1.0", "training": "app 1.0, lib 2.0"}


@pytest.mark.slow
def test_an_override_of_a_package_that_no_stage_contains(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    demo.write(
        pyproject(
            {"feature": ["mid"], "training": ["lib"]},
            '[tool.fti.overrides]\nlibb = "*"\n[tool.fti.stages.training.overrides]\nmid = "*"\n'
            "[tool.fti.stages.feature]\n",
        )
    )
    demo.lock("training")
    own = "tool.fti.stages.training.overrides.mid has no effect: training does not contain mid"
    assert unmatched_warnings(demo.load()) == [own]
    demo.lock()
    assert unmatched_warnings(demo.load()) == [
        'tool.fti.overrides.libb has no effect: no stage contains libb; did you mean "lib"?',
        own,
    ]


@pytest.mark.slow
def test_a_rule_whose_pattern_matches_no_package_of_its_stages(demo: MemoryProject) -> None:
    demo.index.offer({"pydantic 2.0": [], "scikit-learn 1.0": [], "mid 1.0": []})
    rules = """\
[[tool.fti.align]]
stages = ["training", "inference"]
packages = ["pydanitc", "sklearn", "scikit-*", "mid"]
[[tool.fti.align]]
packages = ["nvidia-*", "PIL", "mid"]
level = "none"
"""
    groups = {
        "feature": ["mid"],
        "training": ["pydantic", "scikit-learn"],
        "inference": ["scikit-learn"],
    }
    demo.write(pyproject(groups, rules))
    demo.lock("training", "inference")
    mid = 'tool.fti.align[0].packages: no package of training and inference matches "mid"'
    every = 'tool.fti.align[1].packages: no package of feature, training and inference matches "{}"'
    own = [
        mid,
        mid.replace('"mid"', '"pydanitc"; did you mean "pydantic"?'),
        mid.replace('"mid"', '"sklearn"; did you mean "scikit-learn"?'),
    ]
    assert unmatched_warnings(demo.load()) == own
    assert run(demo, "lock").errors.splitlines() == [
        f"Warning: {text}"
        for text in (
            *own,
            every.format("nvidia-*"),
            every.format("pil") + '; did you mean "pillow"?',
        )
    ]


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("cv2", {"opencv-python-headless", "numpy"}, "opencv-python-headless"),
        ("cv2", {"numpy"}, "opencv-python"),
        ("yaml", {"pyyaml", "yamlz"}, "pyyaml"),
        ("dateutil", {"python-dateutil"}, "python-dateutil"),
        ("attr", {"attrs"}, "attrs"),
        ("nump", {"numpy"}, "numpy"),
    ],
)
def test_the_package_that_is_meant(name: str, known: set[str], expected: str) -> None:
    assert package_suggestion(name, known) == f'; did you mean "{expected}"?'
    assert package_suggestion("unheard-of", known) == ""


FIX: Final = "lib>=1.1"
WITH_FIX: Final[Releases] = {"app 1.0": ["lib<2"], "lib 1.0": [], "lib 1.1": [], "mid 1.0": []}


def constrained(
    *constraints: str,
    settings: str = "",
    groups: Mapping[str, Sequence[str]] = GROUPS,
    stages: str = "",
) -> str:
    text = f"[tool.fti]\nconstraints = {list(constraints)}\n{settings}{stages}"
    return pyproject(groups, text)


def locks(demo: MemoryProject) -> dict[str, bytes]:
    return {each.parent.name: each.read_bytes() for each in demo.root.glob("fti/*/poetry.lock")}


@pytest.fixture
def vulnerable(demo: MemoryProject) -> MemoryProject:
    """A project that was locked before a fix of lib was published."""
    demo.index.offer({name: lines for name, lines in WITH_FIX.items() if name != "lib 1.1"})
    demo.write(pyproject(GROUPS))
    demo.lock()
    demo.index.offer(WITH_FIX)
    return demo


@pytest.mark.slow
def test_a_security_fix_is_one_line(vulnerable: MemoryProject) -> None:
    before = locks(vulnerable)
    vulnerable.write(constrained(FIX))
    assert run(vulnerable, "lock --check").errors == (
        "fti/training/poetry.lock locks lib 1.0, but tool.fti.constraints[0] requires lib >=1.1."
        " Run `poetry fti lock training`.\n"
    )
    assert run(vulnerable, "lock").output.splitlines()[:3] == [
        "feature: fresh, 1 package",
        "training: locked 2 packages: 0 added, 0 removed, 1 updated",
        "  ~ lib 1.0 -> 1.1",
    ]
    assert locks(vulnerable)["feature"] == before["feature"]


def test_locks_that_satisfy_a_constraint_stay_fresh_with_and_without_it(
    vulnerable: MemoryProject,
) -> None:
    vulnerable.write(constrained(FIX))
    vulnerable.lock()
    before = locks(vulnerable)
    for text in (constrained("lib>=1.0.5,<3"), pyproject(GROUPS)):
        vulnerable.write(text)
        assert all(result.is_fresh for result in vulnerable.lock().values())
    assert locks(vulnerable) == before


@pytest.mark.slow
def test_a_constraint_applies_to_what_enters_later(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    groups = {"training": ["mid"]}
    demo.write(constrained("lib<2", groups=groups))
    demo.lock()
    assert demo.locked == {"training": "mid 1.0"}
    demo.write(constrained("lib<2", groups={"training": ["mid", "lib"]}))
    demo.lock()
    assert demo.locked == {"training": "lib 1.0, mid 1.0"}


@pytest.mark.slow
def test_a_constraint_of_a_stage(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    groups = {"feature": ["lib"], "training": ["lib"]}
    stage = '[tool.fti.stages.training]\nconstraints = ["lib<2"]\n[tool.fti.stages.feature]\n'
    demo.write(constrained("lib>=1", groups=groups, stages=stage))
    assert run(demo, "lock --no-align").output.splitlines()[-2:] == [
        "  lib 2.0 in feature, 1.0 in training",
        "    training:  tool.fti.stages.training.constraints[0] requires lib <2",
    ]
    assert demo.locked == {"feature": "lib 2.0", "training": "lib 1.0"}
    demo.lock(regenerate=True)
    assert demo.locked == {"feature": "lib 1.0", "training": "lib 1.0"}


@pytest.mark.slow
def test_a_constraint_that_cannot_be_met_is_named(vulnerable: MemoryProject) -> None:
    vulnerable.write(constrained("lib>=1.1", "lib!=1.1"))
    limits = (
        "tool.fti.constraints[0] requires lib >=1.1.\ntool.fti.constraints[1] requires lib !=1.1.\n"
    )
    assert run(vulnerable, "lock", "training").errors == (
        "training: app 1.0 requires lib <2, but no such version is available.\n"
        f"{limits}Rerun with -v for the solver's whole explanation.\n"
    )
    assert run(vulnerable, "lock", "training", "-v").errors == (
        "training: Because no versions of app match !=1.0\n"
        " and app (1.0) depends on lib (<2), every version of app requires lib (<2).\n"
        "So, because no versions of lib match <2\n"
        " and demo depends on app (*), version solving failed.\n"
        f"{limits}"
    )


@pytest.mark.slow
def test_several_versions_are_named_as_a_list(demo: MemoryProject) -> None:
    apps = {f"app {version}": ["lib<2"] for version in ("1.0", "1.1", "1.2")}
    demo.index.offer({**apps, "lib 2.0": []})
    demo.write(pyproject({"training": ["app"]}))
    assert run(demo, "lock").errors == (
        "training: app 1.0, 1.1 and 1.2 require lib <2, but no such version is available.\n"
        "Rerun with -v for the solver's whole explanation.\n"
    )


@pytest.mark.slow
def test_a_rule_that_a_constraint_makes_impossible(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    groups = {"feature": ["lib<2"], "training": ["lib"]}
    rule = '[[tool.fti.align]]\npackages = ["lib"]\n'
    stage = '[tool.fti.stages.training]\nconstraints = ["lib>=2"]\n[tool.fti.stages.feature]\n'
    demo.write(pyproject(groups, rule + stage))
    errors = {name: str(each.error) for name, each in demo.lock().items()}
    assert errors["feature"].splitlines() == [
        "feature and training cannot agree as tool.fti.align demands:",
        "  feature: pyproject.toml requires lib <2",
        "  training: pyproject.toml requires lib",
        "  training: tool.fti.stages.training.constraints[0] requires lib >=2",
    ]


@pytest.mark.slow
def test_a_constraint_for_some_targets(demo: MemoryProject) -> None:
    demo.index.offer({**RELEASES, "app 1.0": ["lib"]})
    groups = {"training": ["app"]}
    condition = "lib<2; python_version < '3.13'"
    demo.write(constrained(condition, groups=groups))
    demo.lock()
    assert demo.markers("training") == {
        "app 1.0": "",
        "lib 1.0": 'python_version < "3.13"',
        "lib 2.0": 'python_version >= "3.13"',
    }
    assert demo.lock()["training"].is_fresh
    demo.write(constrained("lib<2; python_version >= '3.13'", groups=groups))
    assert run(demo, "lock --check").errors == (
        "fti/training/poetry.lock locks lib 2.0, but tool.fti.constraints[0] requires lib <2 ;"
        ' python_version >= "3.13". Run `poetry fti lock training`.\n'
    )
    narrowed = '[tool.fti.stages.training]\npython = ">=3.13"\nplatforms = ["linux/amd64"]\n'
    windows = "lib<1; sys_platform == 'win32'"
    demo.write(constrained(condition, windows, groups=groups, stages=narrowed))
    demo.lock()
    assert demo.locked == {"training": "app 1.0, lib 2.0"}


@pytest.mark.slow
def test_markers_that_mean_the_same_on_a_platform(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    groups = {"training": ["lib; sys_platform != 'win32'", "lib>=2; sys_platform == 'win32'"]}
    platforms = '[tool.fti.stages.training]\nplatforms = ["linux/amd64", "windows/amd64"]\n'
    demo.write(constrained("lib<2; os_name == 'posix'", groups=groups, stages=platforms))
    demo.lock()
    assert demo.locked == {"training": "lib 1.0, lib 2.0"}
    assert demo.lock()["training"].is_fresh
    path = demo.root / "fti/training/poetry.lock"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('markers = "sys_', 'markers = "syss_'), encoding="utf-8")
    assert "cannot be read" in run(demo, "lock --check").errors


def test_a_constraint_for_some_targets_that_cannot_be_met(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    demo.write(constrained("lib>=2; python_version < '3.13'", groups={"training": ["app"]}))
    assert run(demo, "lock", "-v").errors.splitlines()[-1] == (
        'tool.fti.constraints[0] requires lib >=2 ; python_version < "3.13".'
    )


def test_a_constraint_on_a_package_from_a_path(demo: MemoryProject) -> None:
    library = demo.root / "libs/own"
    library.mkdir(parents=True)
    text = '[project]\nname = "own"\nversion = "1"\n'
    (library / "pyproject.toml").write_text(text, encoding="utf-8")
    settings = "[tool.poetry.group.training.dependencies]\nown = {path = 'libs/own'}\n"
    demo.index.offer({})
    demo.write(constrained("own>=2", groups={"training": []}, settings=settings))
    (result,) = demo.lock().values()
    assert "own 1 is excluded: tool.fti.constraints[0] requires own >=2" in str(result.error)


@pytest.mark.slow
def test_a_constraint_may_name_a_prerelease(demo: MemoryProject) -> None:
    demo.index.offer({**RELEASES, "lib 3.0rc1": []})
    demo.write(constrained("lib==3.0rc1", groups={"training": ["lib"]}))
    demo.lock()
    assert demo.locked == {"training": "lib 3.0rc1"}


def test_constraints_on_packages_that_no_stage_contains(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    demo.write(constrained("midd>1", groups={"feature": ["mid"]}))
    for _ in range(2):
        assert run(demo, "lock").errors == (
            "Warning: tool.fti.constraints[0] has no effect: no stage contains midd; did you mean"
            ' "mid"?\n'
        )
