"""What is locked, and said, for targets that not every release has a file for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from poetry_fti.errors import FtiError
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

pytestmark = pytest.mark.slow

AMD64: Final = "manylinux_2_28_x86_64"
ARM64: Final = "manylinux_2_28_aarch64"


def wheels(*platforms: str, pythons: tuple[str, ...] = ("cp311", "cp312")) -> list[str]:
    return [f"wheel {tag}-{tag}-{platform}" for tag in pythons for platform in platforms]


def on(
    *platforms: str, stage: str = "training", more: str = "", python: str = ">=3.11,<3.13"
) -> str:
    settings = f'platforms = {list(platforms)}\npython = "{python}"\n'
    return f"[tool.fti.stages.{stage}]\n{settings}{more}\n"


def lock(demo: MemoryProject, settings: str, *requires: str) -> tuple[dict[str, str], list[str]]:
    """Lock the stage, and return its packages with their markers, and the notes."""
    demo.write(pyproject({"training": list(requires or ("lib",))}, settings))
    (result,) = demo.lock().values()
    if result.error:
        raise result.error
    return demo.markers("training"), list(result.notes)


def test_a_platform_without_a_file_of_the_newest_release_has_an_older_one(
    demo: MemoryProject,
) -> None:
    demo.index.offer({"lib 1.0": wheels(AMD64, ARM64), "lib 2.0": wheels(AMD64)})
    assert lock(demo, on("linux/amd64", "linux/arm64")) == (
        {
            "lib 1.0": 'platform_machine == "aarch64"',
            "lib 2.0": 'platform_machine == "x86_64"',
        },
        ["training on linux/arm64 has lib 1.0: 2.0 has no file there."],
    )


def test_a_python_without_a_file_of_the_newest_release_has_an_older_one(
    demo: MemoryProject,
) -> None:
    demo.index.offer({"lib 1.0": wheels(AMD64), "lib 2.0": wheels(AMD64, pythons=("cp311",))})
    assert lock(demo, on("linux/amd64")) == (
        {"lib 1.0": 'python_version == "3.12"', "lib 2.0": 'python_version == "3.11"'},
        ["training on linux/amd64 with Python 3.12 has lib 1.0: 2.0 has no file there."],
    )


def test_platforms_and_pythons_are_divided_no_further_than_needed(demo: MemoryProject) -> None:
    demo.index.offer(
        {
            "app 1.0": ["lib", "mid"],
            "lib 1.0": [],
            "lib 2.0": [*wheels(AMD64), *wheels(ARM64, pythons=("cp312",))],
            "mid 1.0": [],
        }
    )
    packages, notes = lock(demo, on("linux/amd64", "linux/arm64", "macos/arm64"), "app")
    assert packages == {
        "app 1.0": "",
        "lib 1.0": (
            'platform_machine == "aarch64" and python_version == "3.11" or sys_platform == "darwin"'
        ),
        "lib 2.0": (
            'sys_platform == "linux" and (platform_machine == "x86_64" or platform_machine =='
            ' "aarch64") and (platform_machine == "x86_64" or python_version == "3.12")'
        ),
        "mid 1.0": "",
    }
    assert notes == [
        "training on linux/arm64 with Python 3.11 has lib 1.0: 2.0 has no file there.",
        "training on macos/arm64 has lib 1.0: 2.0 has no file there.",
    ]


def test_where_no_release_has_a_file_locking_fails(demo: MemoryProject) -> None:
    demo.index.offer({"lib 2.0": wheels(AMD64, pythons=("cp311",))})
    with pytest.raises(FtiError) as raised:
        lock(demo, on("linux/amd64"))
    assert str(raised.value) == (
        "lib 2.0 has no file for linux/amd64 and Python 3.12.\n"
        "Choose another version, or change the stage's `python`."
    )


def test_many_releases_without_a_file_are_told_of_in_one_sentence(demo: MemoryProject) -> None:
    demo.index.offer({f"lib {number}.0": wheels(AMD64) for number in range(1, 9)})
    with pytest.raises(FtiError) as raised:
        lock(demo, on("macos/arm64"))
    assert str(raised.value) == (
        "Each of the 8 releases of lib that are allowed has no file for macos/arm64 and Python"
        " >=3.11,<3.13.\nChoose another version, or change the stage's `platforms`."
    )


@pytest.mark.parametrize(
    ("files", "settings", "keys"),
    [
        (wheels("macosx_14_0_arm64"), 'macos = "12.0"', "`macos`"),
        (wheels("macosx_11_0_x86_64"), "", "`platforms`"),
        (wheels("macosx_14_0_arm64", pythons=("cp313",)), "", "`python`"),
        (wheels("manylinux_2_28_aarch64"), 'libc = "glibc-2.28"', "`platforms`"),
    ],
)
def test_the_setting_that_helps_is_named(
    demo: MemoryProject, files: list[str], settings: str, keys: str
) -> None:
    demo.index.offer({"lib 1.0": files})
    with pytest.raises(FtiError, match=f"or change the stage's {keys}[.]$"):
        lock(demo, on("macos/arm64", more=settings))


def test_a_source_distribution_serves_every_target_unless_builds_are_refused(
    demo: MemoryProject,
) -> None:
    demo.index.offer({"lib 1.0": wheels(AMD64), "lib 2.0": ["sdist"]})
    assert lock(demo, on("linux/amd64")) == ({"lib 2.0": ""}, [])
    assert lock(demo, on("linux/amd64", more="no-build = true")) == ({"lib 1.0": ""}, [])


def test_where_a_package_does_not_apply_it_needs_no_file(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [], "lib 2.0": wheels(AMD64, pythons=("cp311",))})
    requires = "lib; platform_machine == 'x86_64' and python_version < '3.12'"
    assert lock(demo, on("linux/amd64", "linux/arm64"), requires) == (
        {"lib 2.0": 'platform_machine == "x86_64" and python_version == "3.11"'},
        [],
    )


def test_the_needed_version_of_a_system_is_reported_unless_it_is_set(demo: MemoryProject) -> None:
    new = [*wheels("macosx_14_0_arm64"), *wheels("manylinux_2_39_x86_64"), *wheels("win_amd64")]
    old = [*wheels("macosx_12_0_arm64"), *wheels("manylinux_2_28_x86_64"), *wheels("win_amd64")]
    demo.index.offer({"app 1.0": ["mid", "lib"], "mid 1.0": old, "lib 1.0": old, "lib 2.0": new})
    platforms = ("linux/amd64", "macos/arm64", "windows/amd64")
    assert lock(demo, on(*platforms), "app") == (
        {"app 1.0": "", "lib 2.0": "", "mid 1.0": ""},
        [
            "training on linux/amd64 needs glibc 2.39 (lib).",
            "training on macos/arm64 needs macOS 14 (lib).",
        ],
    )
    more = 'macos = "12.0"\nlibc = "glibc-2.36"'
    assert lock(demo, on(*platforms, more=more), "app") == (
        {
            "app 1.0": "",
            "lib 1.0": 'sys_platform == "linux" or sys_platform == "darwin"',
            "lib 2.0": 'sys_platform == "win32"',
            "mid 1.0": "",
        },
        [
            "training on linux/amd64 has lib 1.0: 2.0 has no file there.",
            "training on macos/arm64 has lib 1.0: 2.0 has no file there.",
        ],
    )


def test_a_python_without_an_upper_bound_has_to_have_files_for_the_oldest(
    demo: MemoryProject,
) -> None:
    demo.index.offer({"lib 2.0": wheels(AMD64, pythons=("cp312", "cp313"))})
    assert lock(demo, on("linux/amd64", python=">=3.12")) == (
        {"lib 2.0": ""},
        [
            (
                "training allows Python 3.14 and 3.15, for which lib has no file on some platform:"
                " set an upper bound in `python`."
            )
        ],
    )


def test_a_rule_makes_all_targets_agree(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": wheels(AMD64, ARM64), "lib 2.0": wheels(AMD64)})
    rule = '[[tool.fti.align]]\nstages=["feature","training"]\npackages=["lib"]\nlevel="exact"\n'
    settings = on("linux/amd64", "linux/arm64") + on("linux/amd64", stage="feature") + rule
    demo.write(pyproject({"training": ["lib"], "feature": ["lib"]}, settings))
    demo.lock()
    assert demo.locked == {"training": "lib 1.0", "feature": "lib 1.0"}


def test_a_rule_is_followed_with_versions_that_have_files_everywhere(demo: MemoryProject) -> None:
    """Alone, training has 3.0; with the rule 2.0 is tried first, which has no file for arm64."""
    demo.index.offer(
        {
            "lib 1.0": wheels(AMD64, ARM64),
            "lib 2.0": wheels(AMD64),
            "lib 3.0": wheels(AMD64, ARM64),
        }
    )
    rule = '[[tool.fti.align]]\nstages=["feature","training"]\npackages=["lib"]\nlevel="exact"\n'
    settings = on("linux/amd64", "linux/arm64") + on("linux/amd64", stage="feature") + rule
    demo.write(pyproject({"training": ["lib"], "feature": ["lib<3"]}, settings))
    results = demo.lock()
    assert {name: str(each.error or "") for name, each in results.items()} == {
        "training": "",
        "feature": "",
    }
    assert demo.locked == {"training": "lib 1.0", "feature": "lib 1.0"}


def test_stages_do_not_agree_on_a_version_that_a_platform_cannot_have(demo: MemoryProject) -> None:
    demo.index.offer(
        {
            "lib 1.0": wheels(AMD64, ARM64),
            "lib 2.0": wheels(AMD64),
            "lib 3.0": wheels(AMD64, ARM64),
        }
    )
    settings = on("linux/amd64", "linux/arm64") + on("linux/amd64", stage="feature")
    demo.write(pyproject({"training": ["lib"], "feature": ["lib<3"]}, settings))
    demo.lock()
    assert demo.locked == {"training": "lib 3.0", "feature": "lib 2.0"}


def test_a_lock_that_does_not_serve_its_targets_is_not_exported(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": wheels(AMD64, ARM64)})
    lock(demo, on("linux/amd64", "linux/arm64"))
    path = demo.root / "fti/training/poetry.lock"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if ARM64 not in line), encoding="utf-8")
    project = demo.load()
    with pytest.raises(FtiError) as raised:
        project.locked(project.stages[0])
    assert str(raised.value) == (
        "training: lib 1.0 has no file for linux/arm64 and Python 3.11 and 3.12."
        " Choose another version, or change the stage's `platforms`."
    )


def test_pins_are_kept_on_each_target(demo: MemoryProject) -> None:
    releases = {"lib 1.0": wheels(AMD64, ARM64), "lib 2.0": wheels(AMD64), "mid 1.0": []}
    demo.index.offer(releases)
    settings = on("linux/amd64", "linux/arm64")
    before, _ = lock(demo, settings)
    demo.index.offer(releases | {"lib 3.0": wheels(AMD64, ARM64)})
    after, _ = lock(demo, settings, "lib", "mid")
    assert after == before | {"mid 1.0": ""}
