"""Check `size`: downloads that exceed `max-download-size`, and sizes that are not known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from checked_files import marked, report, requiring, targeted
from memory_commands import Ended, run
from poetry_fti.config.read import read_config
from poetry_fti.model.formats import FORMATS
from poetry_fti.model.origins import GitOrigin
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from memory_index import MemoryProject
    from poetry_fti.checks.shared.facts import CheckedStage
    from poetry_fti.model.problem import Problem

MB: Final = 1_000_000
AMD64: Final = "cp312-cp312-manylinux_2_17_x86_64.whl"
ARM64: Final = "cp312-cp312-manylinux_2_17_aarch64.whl"
PURE: Final = "py3-none-any.whl"
BOTH: Final = "linux/amd64 linux/arm64"
FILES: Final = {
    "app": [PURE],
    "cuda": [AMD64],
    "numpy": [AMD64, ARM64, "cp312-cp312-manylinux_2_28_x86_64.whl", ".tar.gz"],
    "old": [".tar.gz"],
}
SIZES: Final = {
    ("app", PURE): 1,
    ("cuda", AMD64): 300,
    ("numpy", AMD64): 17,
    ("numpy", ARM64): 60,
    ("numpy", "cp312-cp312-manylinux_2_28_x86_64.whl"): 18,
    ("numpy", ".tar.gz"): 900,
    ("old", ".tar.gz"): 70,
}


def limited(
    limit: int | None, sizes: Mapping[tuple[str, str], int] = SIZES, platforms: str = BOTH
) -> CheckedStage:
    """Return a stage with a limit and files of these sizes, both in MB."""
    most = None if limit is None else limit * MB
    found = targeted("inference", FILES, platforms, direct=["app", "old"], max_download_size=most)
    found = marked(requiring(found, "app", "numpy", "cuda"), "cuda", 'platform_machine == "x86_64"')
    known = {f"sha256:{name}{ending}": size * MB for (name, ending), size in sizes.items()}
    return replace(found, sizes=lambda: known)


@pytest.mark.parametrize("silent", [limited(None), limited(389), limited(None, {})])
def test_a_stage_within_its_limit_is_silent(silent: CheckedStage) -> None:
    assert report("size", silent) == ""


def test_the_heaviest_packages_are_named_with_what_requires_them() -> None:
    assert report("size", limited(388)) == (
        "inference: error: the packages are 389 MB of downloads on linux/amd64, more than 388 MB;"
        " the heaviest are cuda 1.0 (300 MB), old 1.0 (70 MB) and numpy 1.0 (18 MB)\n"
        "required by pyproject.toml -> app -> cuda; pyproject.toml -> old; pyproject.toml -> app ->"
        " numpy\n"
        "Remove what the stage works without, with `exclude` if other packages require it, or raise"
        " `max-download-size`"
    )


def test_other_platforms_above_the_limit_are_named() -> None:
    assert (
        "are 389 MB of downloads on linux/amd64, more than 130 MB (also exceeded on linux/arm64);"
    ) in report("size", limited(130, platforms=""))


def test_a_limit_that_is_hardly_exceeded_is_shown_in_bytes() -> None:
    stage = limited(0)
    stage = replace(stage, stage=replace(stage.stage, max_download_size=389 * MB - 1))
    assert "are 389000000 bytes of downloads on linux/amd64, more than 388999999 bytes;" in report(
        "size", stage
    )


def test_unknown_sizes_are_a_warning() -> None:
    known = {key: size for key, size in SIZES.items() if key[0] != "numpy"}
    assert report("size", limited(388, known)) == (
        "inference: warning: `max-download-size` cannot be checked, because the sizes of files are"
        " unknown: numpy 1.0\n"
        "Look them up with `poetry fti image inference`; if the index does not publish sizes, waive"
        " this finding"
    )
    assert "the packages are at least 371 MB of downloads" in report("size", limited(300, known))


def test_packages_that_are_no_downloads_do_not_count() -> None:
    stage = limited(388)
    git = GitOrigin("https://example.com/cuda.git", "0" * 40)
    packages = (replace(p, origin=git) if p.name == "cuda" else p for p in stage.packages)
    assert report("size", replace(stage, packages=tuple(packages))) == ""


@pytest.mark.slow_after(4)
@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("400 MB", 400 * MB),
        ("1.5GB", 1500 * MB),
        ("300 MiB", 300 * 1024**2),
        ("0.001 kB", 1),
        ("2 TiB", 2 * 1024**4),
        ("400", None),
        ("0 MB", None),
        ("-1 MB", None),
        ("1.5 mb", None),
        ("1,5 GB", None),
        ("٣ MB", None),
    ],
)
def test_sizes_have_a_unit(text: str, size: int | None) -> None:
    problems: list[Problem] = []
    stage = {"kind": "training", "max-download-size": text}
    config = read_config({"tool": {"fti": {"stages": {"x": stage}}}}, FORMATS, problems)
    assert config.stages[0].max_download_size == size
    assert [f"{each.path}: {each.message}" for each in problems] == [
        f'tool.fti.stages.x.max-download-size: "{text}" is not a size such as "400 MB" or "1.5 GiB"'
    ] * (size is None)


@pytest.mark.slow
def test_sizes_come_from_the_cache_without_an_index(demo: MemoryProject) -> None:
    demo.index.offer({"app 1.0": ["lib", f"size {30 * MB}"], "lib 1.0": [f"size {2 * MB}"]})
    tables = '[tool.fti.stages.inference]\nmax-download-size = "{}"\n'
    demo.write(pyproject({"inference": ["app"]}, tables.format("32 MB")))
    demo.lock()
    demo.index.sites.clear()
    check = ("check", "--only", "size")
    assert run(demo, *check) == Ended(0, "1 check run: nothing found.\n")
    demo.write(pyproject({"inference": ["app"]}, tables.format("31 MB")))
    assert run(demo, *check) == Ended(
        3,
        """\
inference
  error the packages are 32 MB of downloads on linux/amd64, more than 31 MB (also exceeded on\
 linux/arm64); the heaviest are app 1.0 (30 MB) and lib 1.0 (2 MB) [size]
    required by pyproject.toml -> app; pyproject.toml -> app -> lib
    Remove what the stage works without, with `exclude` if other packages require it, or raise\
 `max-download-size`.

1 check run: 1 error, 0 warnings.
""",
    )
