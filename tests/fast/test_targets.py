"""Where a stage runs: markers and wheel tags."""

from __future__ import annotations

import platform as machine
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.tags import parse_tag, sys_tags

from poetry_fti.model.platforms import PLATFORMS, Libc, Platform, Targets
from poetry_fti.targets import (
    environment_marker,
    fits,
    marker_environment,
    python_minors,
    stage_targets,
)
from recorded import recorded, recorded_names

LINUX = Targets(platforms=(Platform("linux", "amd64"),))
GLIBC_2_36 = Targets(platforms=LINUX.platforms, libc=Libc("glibc", (2, 36)))
RUNNING = SpecifierSet(f"=={sys.version_info[0]}.{sys.version_info[1]}.*")
TAGS = tuple(sys_tags())
# Reading all recorded projects takes long: not in processes that run other tests.
RECORDED = st.deferred(
    lambda: st.sampled_from(
        sorted(
            {
                file.filename
                for name in recorded_names()
                for release in recorded(name)
                for file in release.files
                if file.is_wheel
            }
        )
    )
)


def running_targets() -> Targets:
    system = {"linux": "linux", "darwin": "macos", "win32": "windows"}[sys.platform]
    arch = {"x86_64": "amd64", "amd64": "amd64"}.get(machine.machine().lower(), "arm64")
    found = next(each for each in PLATFORMS if str(each) == f"{system}/{arch}")
    family, version = machine.libc_ver()
    if family == "glibc":
        major, minor, *_ = map(int, version.split("."))
        return Targets(platforms=(found,), libc=Libc("glibc", (major, minor)))
    if sys.platform == "linux":
        pytest.skip("the running Python has another C library")
    major, minor, *_ = map(int, (machine.mac_ver()[0] or "0.0").split("."))
    return Targets(platforms=(found,), macos=(major, minor))


def test_the_environment_of_a_platform() -> None:
    assert marker_environment(Platform("linux", "arm64")) == {
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "aarch64",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


@pytest.mark.parametrize("platform", PLATFORMS, ids=str)
def test_a_platforms_marker_is_true_there_and_only_there(platform: Platform) -> None:
    marker = Marker(environment_marker(platform))
    assert [each for each in PLATFORMS if marker.evaluate(marker_environment(each))] == [platform]


def test_the_running_python_has_the_environment_of_its_platform() -> None:
    (platform,) = running_targets().platforms
    assert Marker(environment_marker(platform)).evaluate()


@pytest.mark.slow_after(4)
@pytest.mark.parametrize(
    ("specifiers", "minors"),
    [
        (">=3.11,<3.14", [11, 12, 13]),
        (">=3.17", [17, 18, 19]),
        ("==3.12.4", [12]),
        (">=3.12.4,<3.13.1,!=3.12.*", [13]),
        (">3.12,<=3.13", [12, 13]),
        ("~=3.10", [*range(10, 20)]),
        ("", [*range(8, 20)]),
        ("<3.8", []),
    ],
)
def test_the_minors_of_a_specifier(specifiers: str, minors: list[int]) -> None:
    assert python_minors(SpecifierSet(specifiers)) == tuple((3, minor) for minor in minors)


@pytest.mark.slow_after(8)
@pytest.mark.parametrize(
    ("filename", "targets", "python", "expected"),
    [
        ("a-1.tar.gz", LINUX, "<3", True),
        ("a-1-py3-none-any.whl", LINUX, ">=3.12", True),
        ("a-1-2-py3-none-any.whl", LINUX, ">=3.12", True),
        ("a-1-py2.py3-none-any.whl", LINUX, ">=3.12", True),
        ("a-1-py2-none-any.whl", LINUX, ">=3.12", False),
        ("a-1-py313-none-any.whl", LINUX, "==3.12.*", False),
        ("a-1-cp312-none-any.whl", LINUX, ">=3.12", True),
        ("a-1-cp312-cp312-any.whl", LINUX, ">=3.12", False),
        ("a-1-py3-none-win_amd64.whl", LINUX, ">=3.12", False),
        ("a-1-py3-none-win_amd64.whl", Targets(), ">=3.12", True),
        ("a-1-cp312-cp312-linux_x86_64.whl", LINUX, ">=3.12", True),
        ("a-1-cp311-cp311-linux_x86_64.whl", LINUX, ">=3.12", False),
        ("a-1-cp39-abi3-manylinux1_x86_64.whl", LINUX, ">=3.12", True),
        ("a-1-cp313-abi3-manylinux1_x86_64.whl", LINUX, "==3.12.*", False),
        ("a-1-cp313-cp313t-manylinux1_x86_64.whl", LINUX, ">=3.12", False),
        ("a-1-pp310-pypy310_pp73-manylinux1_x86_64.whl", LINUX, "", False),
        ("a-1-cp312-cp312-manylinux_2_36_x86_64.whl", LINUX, "", True),
        ("a-1-cp312-cp312-manylinux_2_37_x86_64.whl", LINUX, "", True),
        ("a-1-cp312-cp312-manylinux_2_36_x86_64.whl", GLIBC_2_36, "", True),
        ("a-1-cp312-cp312-manylinux_2_37_x86_64.whl", GLIBC_2_36, "", False),
        ("a-1-cp312-cp312-manylinux_2_39_x86_64.manylinux_2_28_x86_64.whl", LINUX, "", True),
        ("a-1-cp312-cp312-manylinux2014_aarch64.whl", LINUX, "", False),
        ("a-1-cp312-cp312-musllinux_1_1_x86_64.whl", LINUX, "", False),
        ("no-wheel.whl", LINUX, "", False),
        ("a-1-py3-none-.whl", LINUX, "", False),
    ],
)
def test_a_file_fits(filename: str, targets: Targets, python: str, expected: bool) -> None:  # noqa: FBT001
    assert fits(filename, targets, SpecifierSet(python)) is expected


@pytest.mark.slow_after(5)
@pytest.mark.parametrize(
    ("platform", "libc", "macos", "expected"),
    [
        ("linux/amd64", Libc(), (11, 0), "manylinux_2_17_x86_64"),
        ("linux/arm64", Libc(), (11, 0), "manylinux_2_17_aarch64"),
        ("linux/amd64", Libc("glibc", (2, 16)), (11, 0), ""),
        ("linux/arm64", Libc("musl", (1, 2)), (11, 0), "musllinux_1_2_aarch64"),
        ("linux/arm64", Libc("musl", (1, 1)), (11, 0), ""),
        ("macos/arm64", Libc(), (11, 0), "macosx_11_0_arm64 macosx_10_9_universal2"),
        (
            "macos/arm64",
            Libc(),
            (14, 2),
            "macosx_11_0_arm64 macosx_14_0_arm64 macosx_10_9_universal2",
        ),
        ("macos/amd64", Libc(), (13, 0), "macosx_10_9_x86_64 macosx_10_9_universal2"),
        ("windows/amd64", Libc(), (11, 0), "win_amd64"),
        ("windows/arm64", Libc(), (11, 0), "win_arm64"),
        ("macos/arm64", Libc(), None, "macosx_11_0_arm64 macosx_14_0_arm64 macosx_10_9_universal2"),
        ("linux/ppc64le", Libc(), None, "manylinux_2_17_ppc64le"),
        ("linux/s390x", Libc(), None, "manylinux_2_17_s390x"),
        ("linux/riscv64", Libc(), None, "manylinux_2_31_riscv64"),
        ("linux/riscv64", Libc("musl", (1, 2)), None, "musllinux_1_2_riscv64"),
    ],
)
def test_the_wheels_of_a_platform(
    platform: str, libc: Libc, macos: tuple[int, int] | None, expected: str
) -> None:
    found = next(each for each in PLATFORMS if str(each) == platform)
    targets = Targets(platforms=(found,), libc=libc, macos=macos)
    offered = [
        "manylinux_2_17_x86_64",
        "manylinux_2_17_aarch64",
        "musllinux_1_2_aarch64",
        "musllinux_1_2_x86_64",
        "musllinux_1_2_riscv64",
        "manylinux_2_17_ppc64le",
        "manylinux_2_17_s390x",
        "manylinux_2_31_riscv64",
        "macosx_11_0_arm64",
        "macosx_14_0_arm64",
        "macosx_10_9_x86_64",
        "macosx_10_9_universal2",
        "win32",
        "win_amd64",
        "win_arm64",
        "android_21_x86_64",
    ]
    names = {tag: f"a-1-cp312-cp312-{tag}.whl" for tag in offered}
    fitting = [tag for tag, name in names.items() if fits(name, targets, SpecifierSet())]
    assert sorted(fitting) == sorted(expected.split())


@given(st.sampled_from(TAGS))
def test_every_wheel_of_the_running_python_fits(tag: object) -> None:
    assert fits(f"a-1-{tag}.whl", running_targets(), RUNNING)


@given(RECORDED)
def test_a_recorded_wheel_fits_exactly_where_the_running_python_takes_it(filename: str) -> None:
    tags = parse_tag("-".join(filename.removesuffix(".whl").split("-")[-3:]))
    assert fits(filename, running_targets(), RUNNING) == (not tags.isdisjoint(TAGS))


@given(RECORDED, st.sampled_from(PLATFORMS))
def test_what_fits_a_platform_fits_where_no_platform_is_named(
    filename: str, platform: Platform
) -> None:
    python = SpecifierSet(">=3.10")
    assert fits(filename, Targets(), python) or not fits(
        filename, Targets(platforms=(platform,)), python
    )


@pytest.mark.slow_after(4)
@pytest.mark.parametrize(
    ("files", "platform", "expected"),
    [
        (["cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64"], "linux/amd64", (2, 17)),
        (["cp312-cp312-manylinux2014_x86_64"], "linux/amd64", (2, 17)),
        (["cp312-cp312-musllinux_1_2_x86_64"], "linux/amd64", None),
        (["cp312-cp312-linux_x86_64"], "linux/amd64", None),
        (["cp312-cp312-macosx_14_0_arm64"], "macos/arm64", (14, 0)),
        (["cp312-abi3-macosx_14_0_arm64", "py3-none-any"], "macos/arm64", None),
        (["cp311-abi3-macosx_14_0_arm64", "cp312-abi3-macosx_13_0_arm64"], "macos/arm64", (14, 0)),
        (["cp311-abi3-macosx_14_0_arm64", "cp311-abi3-macosx_13_0_arm64"], "macos/arm64", (13, 0)),
        (["cp312-cp312-macosx_10_13_universal2"], "macos/arm64", (10, 13)),
    ],
)
def test_the_version_of_a_system_that_wheels_need(
    files: list[str], platform: str, expected: tuple[int, int] | None
) -> None:
    found = next(each for each in PLATFORMS if str(each) == platform)
    where = stage_targets(Targets(platforms=(found,)), SpecifierSet(">=3.11,<3.13"))
    names = [f"a-1-{tag}.whl" for tag in files]
    assert where.needed_system(names, found) == expected
    assert where.needed_system([*names, "a-1.tar.gz"], found) is None
