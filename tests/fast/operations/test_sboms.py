"""Exports of SBOMs, and what other files contain because of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fast.conftest import filled, project_in
from memory_commands import run
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from memory_index import MemoryProject

pytestmark = pytest.mark.slow  # the library takes long to import


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemoryProject]:
    with project_in(tmp_path_factory.mktemp("locked")) as demo:
        demo.index.offer({"app 1.0": ["License: MIT"]})
        demo.write(pyproject({"feature": ["app"], "training": ["app"]}))
        demo.lock()
        yield demo


@pytest.fixture
def two(locked: MemoryProject, demo: MemoryProject) -> MemoryProject:
    """A copy of the locked project with two stages."""
    return filled(demo, locked)


def test_ci_installs_the_library_if_any_stage_has_an_sbom(two: MemoryProject) -> None:
    assert run(two, "export", "training", "--format", "cyclonedx").code == 0
    assert run(two, "export", "feature", "--format", "github", "--format", "gitlab").code == 0
    for name in ("github-workflow.yml", "gitlab-ci.yml"):
        text = (two.root / "fti" / name).read_text(encoding="utf-8")
        assert text.count("poetry-fti==") == 0
        assert "pipx inject poetry 'poetry-fti[sbom]==" in text
    assert run(two, "export", "--check", "--format", "github").code == 0


def test_a_dockerfile_does_not_copy_a_new_sbom_before_the_next_export(two: MemoryProject) -> None:
    run(two, "export", "training", "--format", "dockerfile")
    only_printed = run(two, "export", "training", "--format", "cyclonedx", "--stdout")
    assert only_printed.errors == ""
    ended = run(two, "export", "--format", "cyclonedx")
    assert ended.errors == (
        "Warning: fti/training/Dockerfile does not copy the new SBOM yet."
        " Run `poetry fti export`.\n"
    )
    assert run(two, "export", "--format", "cyclonedx").errors == ""
    assert run(two, "export").errors == ""
    assert run(two, "export", "--check").code == 0


def test_several_dockerfiles_that_do_not_copy_new_sboms_are_named(two: MemoryProject) -> None:
    run(two, "export", "--format", "dockerfile")
    assert run(two, "export", "--format", "cyclonedx").errors == (
        "Warning: fti/feature/Dockerfile and fti/training/Dockerfile do not copy the new SBOMs yet."
        " Run `poetry fti export`.\n"
    )


def test_a_dockerfile_that_is_exported_with_the_sbom_copies_it(two: MemoryProject) -> None:
    both = ("export", "--format", "cyclonedx", "--format", "dockerfile")
    run(two, "export", "--format", "dockerfile")
    assert run(two, *both).errors == ""
    assert run(two, *both, "--check").code == 0
