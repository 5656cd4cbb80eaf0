"""`poetry fti why --newest`: what prevents newer versions, as exact text and as JSON."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import pytest

from loopback.site import Answer
from memory_commands import Ended, run
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from memory_index import MemoryProject
    from small_index import Releases

LIB: Final[Releases] = {"lib 1.0": [], "lib 2.0": []}
STAGE: Final = "[tool.fti.stages.training]\n"
REMOVED: Final = (
    "  `poetry fti update lib app` removes it: newer versions of other packages do not require it"
)
DEMANDED: Final = (
    "  2.0, the newest release, is possible, but not in agreement with inference, as tool.fti.align"
    " demands"
)


def locked(
    demo: MemoryProject,
    releases: Releases,
    groups: Mapping[str, Sequence[str]],
    settings: str = "",
    *,
    later: Releases | None = None,
) -> None:
    """Lock the stages of a project; the releases in `later` appear afterwards."""
    demo.index.offer(releases)
    demo.write(pyproject(groups, settings))
    assert not any(result.error for result in demo.lock().values())
    if later:
        demo.index.offer({**releases, **later})
        demo.clear_cache()


def newest(demo: MemoryProject, *words: str) -> list[str]:
    """Return what is printed on what prevents newer versions, without the requirements."""
    before, _, _ = run(demo, "why", *words).output.partition("\n\nRun poetry fti why ")
    done = run(demo, "why", *words, "--newest")
    assert (done.code, done.errors) == (0, "")
    shown = before.splitlines()
    return [line for line in done.output.splitlines() if line not in shown]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("releases", "required", "expected"),
    [
        (LIB, ["lib"], ["  2.0 is the newest release"]),
        (
            LIB,
            ["lib<2"],
            [
                "  2.0, the newest release, is possible if this changes:",
                "    pyproject.toml requires lib <2 (group training)",
            ],
        ),
        (
            {**LIB, "app 1.0": ["lib<2"], "app 2.0": ["lib", "new"], "new 1.0": []},
            ["app==1.0"],
            [
                "  2.0, the newest release, is possible if one of these changes:",
                "    app 1.0 requires lib <2",
                "    pyproject.toml requires app ==1.0 (group training)",
                "      also changes: app 1.0 -> 2.0, new 1.0 (added)",
            ],
        ),
        (
            {**LIB, "app 1.0": ["mid"], "mid 1.0": ["lib<2"], "mid 2.0": ["lib<1.5"]},
            ["app"],
            [
                "  2.0, the newest release, is possible if this changes:",
                "    mid 1.0 requires lib <2; mid 2.0 requires lib <1.5",
            ],
        ),
        (
            {**LIB, "app 1.0": ["lib<2"], "mid 1.0": ["lib<2"]},
            ["app", "mid"],
            [
                "  2.0, the newest release, is only possible if these change together:",
                "    app 1.0 requires lib <2",
                "    mid 1.0 requires lib <2",
            ],
        ),
        (
            {**LIB, "lib 2.0": ["other<1"], "other 0.5": [], "other 1.0": []},
            ["lib", "other>=1"],
            [
                "  2.0, the newest release, is possible if one of these changes:",
                "    pyproject.toml requires other >=1 (group training)",
                "      also changes: other 1.0 -> 0.5",
                "    lib 2.0 requires other <1",
            ],
        ),
        (
            {**LIB, "lib 2.0": ["other>=2"], "other 1.0": [], "other 2.0": []},
            ["lib", "other<2", "other>=1"],
            [
                "  2.0, the newest release, is possible if one of these changes:",
                "    pyproject.toml requires other <2 (group training)",
                "      also changes: other 1.0 -> 2.0",
                "    lib 2.0 requires other >=2",
            ],
        ),
        (
            {**LIB, "app 1.0": ["lib<2; extra == 'ml'", "lib"]},
            ["app[ml]"],
            [
                "  2.0, the newest release, is possible if this changes:",
                "    app[ml] 1.0 requires lib <2",
            ],
        ),
        (
            {**LIB, "lib 2.0": ["python>=3.13"]},
            ["lib"],
            [
                "  2.0, the newest release, is possible if this changes:",
                "    lib 2.0 requires Python >=3.13, and the stage has Python >=3.11",
            ],
        ),
        (
            {**LIB, "lib 1.5rc1": [], "lib 3.1rc1": []},
            ["lib==1.5rc1"],
            [
                "  2.0, the newest release, is possible if this changes:",
                "    pyproject.toml requires lib ==1.5rc1 (group training)",
            ],
        ),
        (
            {**LIB, "lib 3.0": ["yanked broken"], "lib 3.1rc1": []},
            ["lib"],
            [
                "  2.0 is the newest release",
                "  3.1rc1 is a pre-release, which pyproject.toml does not allow",
            ],
        ),
        (
            {"lib 1.0": [], "lib 3.0": [], "app 1.0": ["lib<2"], "app 2.0": []},
            ["app<2", "lib<3"],
            [
                "  3.0, the newest release, is only possible if these change together:",
                "    pyproject.toml requires lib <3 (group training)",
                "    app 1.0 requires lib <2",
            ],
        ),
    ],
)
def test_requirements(
    demo: MemoryProject, releases: Releases, required: list[str], expected: list[str]
) -> None:
    locked(demo, releases, {"training": required})
    assert newest(demo, "lib") == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("releases", "settings", "expected"),
    [
        (
            LIB,
            f'[tool.fti]\nconstraints = ["lib<2"]\n{STAGE}',
            "tool.fti.constraints[0] requires lib <2",
        ),
        (
            LIB,
            '[tool.fti.stages.training.overrides]\nlib = "<2"\n',
            "tool.fti.stages.training.overrides requires lib <2",
        ),
        (
            LIB,
            f'[tool.fti.overrides]\nlib = "<2"\n{STAGE}',
            "tool.fti.overrides requires lib <2",
        ),
        (
            {**LIB, "lib 2.0": ["wheel cp311-cp311-win_amd64"]},
            f'{STAGE}platforms = ["linux/amd64"]\n',
            "lib 2.0 has no file for linux/amd64 and Python >=3.11",
        ),
        (
            {**LIB, "lib 2.0": ["wheel cp311-cp311-win_amd64"]},
            f'{STAGE}platforms = ["linux/amd64"]\nno-build = true\n',
            "lib 2.0 has no wheel for linux/amd64 and Python >=3.11",
        ),
    ],
)
def test_settings_and_targets(
    demo: MemoryProject, releases: Releases, settings: str, expected: str
) -> None:
    locked(demo, {**releases, "app 1.0": ["lib"]}, {"training": ["app"]}, settings)
    assert newest(demo, "lib") == [
        "  2.0, the newest release, is possible if this changes:",
        f"    {expected}",
    ]


@pytest.mark.slow
def test_prereleases_that_are_allowed(demo: MemoryProject) -> None:
    table = "[tool.poetry.group.training.dependencies.lib]\nallow-prereleases = true\nversion ="
    releases: Releases = {"lib 1.0": [], "lib 2.0rc1": []}
    locked(demo, releases, {}, f'{table} "<2.0rc1"\n')
    assert newest(demo, "lib") == [
        "  2.0rc1, the newest release, is possible if this changes:",
        "    pyproject.toml requires lib <2.0rc1 (group training)",
    ]
    locked(demo, {"lib 2.0rc1": []}, {"training": ["lib>=2.0rc0"]}, later={"lib 2.0rc2": []})
    assert newest(demo, "lib") == [
        "  no requirement prevents 2.0rc2, the newest release: run `poetry fti update lib`"
    ]


def test_pins_alone_prevent_nothing(demo: MemoryProject) -> None:
    locked(demo, {"lib 1.0": []}, {"training": ["lib"]}, later=LIB)
    assert newest(demo, "lib") == [
        "  no requirement prevents 2.0, the newest release: run `poetry fti update lib`"
    ]
    demo.update("lib")
    assert demo.locked == {"training": "lib 2.0"}


@pytest.mark.slow
def test_packages_that_have_to_be_updated_as_well(demo: MemoryProject) -> None:
    before: Releases = {"lib 1.0": [], "app 1.0": ["lib<2"]}
    later: Releases = {"lib 2.0": [], "app 2.0": ["lib>=2", "new"], "new 1.0": []}
    locked(demo, before, {"training": ["app"]}, later=later)
    assert newest(demo, "lib") == [
        "  no requirement prevents 2.0, the newest release: run `poetry fti update lib app`",
        "    also changes: app 1.0 -> 2.0, new 1.0 (added)",
    ]
    demo.update("lib", "app")
    assert demo.locked == {"training": "app 2.0, lib 2.0, new 1.0"}


@pytest.mark.slow
def test_a_package_that_is_no_longer_required(demo: MemoryProject) -> None:
    before: Releases = {"lib 1.0": [], "app 1.0": ["lib<2"]}
    locked(demo, before, {"training": ["app"]}, later={"lib 2.0": [], "app 2.0": []})
    assert newest(demo, "lib") == [
        REMOVED,
        "    also changes: app 1.0 -> 2.0",
    ]


@pytest.mark.slow
def test_a_newer_version_that_is_not_the_newest(demo: MemoryProject) -> None:
    before: Releases = {"lib 1.0": [], "app 1.0": ["lib<3"]}
    locked(demo, before, {"training": ["app"]}, later={"lib 2.0": [], "lib 3.0": []})
    assert newest(demo, "lib") == [
        "  `poetry fti update lib` updates it to 2.0",
        "  3.0, the newest release, is possible if this changes:",
        "    app 1.0 requires lib <3",
    ]


@pytest.mark.slow
def test_agreement_with_other_stages(demo: MemoryProject) -> None:
    locked(demo, LIB, {"training": ["lib"], "inference": ["lib<2"]})
    differ = (
        "    to let the stages differ, add a rule to [[tool.fti.align]] with"
        ' `level = "none"` and `packages = ["lib"]`'
    )
    assert newest(demo, "lib", "training") == [
        "  2.0, the newest release, is possible, but not in agreement with inference",
        "    in inference, 2.0 is possible if this changes:",
        "      pyproject.toml requires lib <2 (group inference)",
        differ,
    ]
    assert newest(demo, "lib") == [
        "  2.0, the newest release, is possible, but not in agreement with inference",
        differ,
        "  2.0, the newest release, is possible if this changes:",
        "    pyproject.toml requires lib <2 (group inference)",
    ]


@pytest.mark.slow
def test_the_newest_version_that_an_update_would_replace_to_agree(demo: MemoryProject) -> None:
    locked(demo, LIB, {"inference": ["lib"], "training": ["lib"]})
    demo.write(pyproject({"inference": ["lib<2"], "training": ["lib"]}))
    assert demo.lock()["training"].is_fresh
    assert newest(demo, "lib", "training") == ["  2.0 is the newest release"]


@pytest.mark.slow
def test_agreement_that_a_rule_demands(demo: MemoryProject) -> None:
    rule = '[[tool.fti.align]]\nstages = ["training", "inference"]\npackages = ["lib"]\n'
    locked(demo, LIB, {"training": ["lib"], "inference": ["lib<2"]}, rule)
    assert newest(demo, "lib", "training") == [
        DEMANDED,
        "    in inference, 2.0 is possible if this changes:",
        "      pyproject.toml requires lib <2 (group inference)",
    ]


@pytest.mark.slow
def test_agreement_on_a_version_that_is_not_the_newest(demo: MemoryProject) -> None:
    groups = {"training": ["lib<3"], "inference": ["lib<2"]}
    locked(demo, {**LIB, "lib 3.0": []}, groups)
    assert newest(demo, "lib", "training")[:-1] == [
        "  3.0, the newest release, is possible if this changes:",
        "    pyproject.toml requires lib <3 (group training)",
        "  2.0 is possible, but not in agreement with inference",
        "    in inference, 2.0 is possible if this changes:",
        "      pyproject.toml requires lib <2 (group inference)",
    ]


@pytest.mark.slow
def test_versions_of_other_stages(demo: MemoryProject) -> None:
    groups = {"training": ["lib>=2,<3"], "inference": ["lib<2"], "feature": ["lib>=3"]}
    locked(demo, {**LIB, "lib 3.0": []}, groups)
    assert newest(demo, "lib", "inference") == [
        "  3.0, the newest release, which feature has, is possible if this changes:",
        "    pyproject.toml requires lib <2 (group inference)",
        "  2.0, which training has, is possible if this changes:",
        "    pyproject.toml requires lib <2 (group inference)",
    ]


@pytest.mark.slow
def test_several_versions_in_a_stage(demo: MemoryProject) -> None:
    markers = ["lib<2; python_version < '3.12'", "lib; python_version >= '3.12'"]
    locked(demo, LIB, {"training": markers})
    assert newest(demo, "lib") == [
        "  2.0, the newest release, is possible on all targets if this changes:",
        '    pyproject.toml requires lib <2; python_version == "3.11" (group training)',
    ]


@pytest.mark.slow
def test_a_constraint_on_some_targets(demo: MemoryProject) -> None:
    settings = f"{STAGE}constraints = [\"lib<2; sys_platform == 'win32'\"]\n"
    locked(demo, {**LIB, "app 1.0": ["lib"]}, {"training": ["app"]}, settings)
    assert newest(demo, "lib") == [
        "  2.0, the newest release, is possible on all targets if this changes:",
        '    tool.fti.stages.training.constraints[0] requires lib <2 ; sys_platform == "win32"',
    ]


@pytest.mark.slow
def test_versions_that_the_index_no_longer_has(demo: MemoryProject) -> None:
    locked(demo, LIB, {"training": ["lib"]})
    demo.index.offer({"lib 1.0": []})
    demo.clear_cache()
    assert newest(demo, "lib") == ["  the newest release that the package sources offer is 1.0"]


@pytest.mark.slow
def test_packages_that_come_from_no_index(demo: MemoryProject) -> None:
    folder = demo.root / "libs" / "lib"
    folder.mkdir(parents=True)
    text = '[project]\nname = "lib"\nversion = "1"\n[build-system]\nrequires = ["poetry-core"]\n'
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    locked(demo, {"app 1.0": []}, {"training": ["lib @ ./libs/lib", "app"]})
    assert "--newest" not in run(demo, "why", "lib").output
    assert newest(demo, "lib") == [
        "  it comes from a folder, not from an index with other versions"
    ]
    assert newest(demo, "app") == ["  1.0 is the newest release"]


@pytest.mark.slow
def test_requirements_of_a_path_dependency(demo: MemoryProject) -> None:
    folder = demo.root / "libs" / "common"
    folder.mkdir(parents=True)
    text = '[project]\nname = "common"\nversion = "1"\ndependencies = ["lib<2"]\n'
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    locked(demo, LIB, {"training": ["common @ ./libs/common"]})
    assert newest(demo, "lib") == [
        "  2.0, the newest release, is possible if this changes:",
        "    common 1 requires lib <2",
    ]


@pytest.mark.slow
def test_a_version_for_some_targets_only(demo: MemoryProject) -> None:
    locked(
        demo,
        {**LIB, "win 1.0": ["lib<2"]},
        {"training": ["lib", "win; sys_platform == 'win32'"]},
        f'{STAGE}platforms = ["linux/amd64", "windows/amd64"]\n',
    )
    assert demo.locked == {"training": "lib 1.0, win 1.0"}
    assert newest(demo, "lib") == [
        "  2.0, the newest release, is possible if this changes:",
        "    win 1.0 requires lib <2",
    ]


@pytest.mark.slow
def test_an_index_that_cannot_be_read(demo: MemoryProject) -> None:
    locked(demo, LIB, {"training": ["lib"]})
    demo.index.failures["lib"] = Answer(HTTPStatus.FORBIDDEN)
    demo.clear_cache()
    done = run(demo, "why", "lib", "--newest")
    assert (done.code, done.output) == (1, "")
    assert "403" in done.errors


@pytest.mark.slow
def test_a_lock_that_is_not_fresh(demo: MemoryProject) -> None:
    locked(demo, LIB, {"training": ["lib"], "inference": ["lib"]})
    demo.write(pyproject({"training": ["lib<2"], "inference": ["lib"]}))
    message = (
        "fti/training/poetry.lock does not match pyproject.toml. Run `poetry fti lock training`."
    )
    assert run(demo, "why", "lib", "inference", "--newest") == Ended(1, "", f"{message}\n")
    assert run(demo, "why", "lib", "training", "--newest") == Ended(
        1, "", f"Warning: {message}\n{message}\n"
    )


@pytest.mark.slow
def test_a_package_that_no_stage_contains(demo: MemoryProject) -> None:
    locked(demo, LIB, {"training": ["lib"]})
    assert run(demo, "why", "app", "--newest") == Ended(1, "", "training does not contain app.\n")


@pytest.mark.slow
def test_the_json_report(demo: MemoryProject) -> None:
    releases: Releases = {**LIB, "app 1.0": ["lib<2"], "app 2.0": ["lib"]}
    locked(demo, releases, {"training": ["lib"], "inference": ["app<2"]})
    done = run(demo, "why", "lib", "--newest", "--format", "json")
    training, inference = (each["newest"] for each in json.loads(done.output)["stages"])
    excluded = {
        "version": "2.0",
        "stages": [],
        "remedies": [
            {
                "restrictions": [
                    {
                        "kind": "requirement",
                        "package": "lib",
                        "by": "app",
                        "sentences": ["app 1.0 requires lib <2"],
                    }
                ],
                "changes": [{"package": "lib", "before": ["1.0"], "after": ["2.0"]}],
            },
            {
                "restrictions": [
                    {
                        "kind": "requirement",
                        "package": "app",
                        "by": None,
                        "sentences": ["pyproject.toml requires app <2 (group inference)"],
                    }
                ],
                "changes": [
                    {"package": "app", "before": ["1.0"], "after": ["2.0"]},
                    {"package": "lib", "before": ["1.0"], "after": ["2.0"]},
                ],
            },
        ],
        "reason": None,
    }
    assert training == {
        "version": "2.0",
        "prerelease": None,
        "message": None,
        "update": None,
        "excluded": [],
        "agreement": {
            "version": "2.0",
            "stages": ["inference"],
            "is_demanded": False,
            "excluded": {"inference": excluded},
        },
    }
    assert inference == {
        "version": "2.0",
        "prerelease": None,
        "message": None,
        "update": None,
        "excluded": [excluded],
        "agreement": None,
    }
