"""Which tags a build writes, with an engine and a registry that are mappings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import pytest

from poetry_fti.errors import FtiError
from poetry_fti.operations.images.tags import remaining
from poetry_fti.ports.container_engine import ContainerEngine
from poetry_fti.ports.engine_commands import BuildJob

if TYPE_CHECKING:
    from collections.abc import Mapping

OWN, NAMED = "credit:inputs-1", "credit:1.4"
JOB: Final = BuildJob(
    stage="inference",
    dockerfile=PurePosixPath("fti/inference/Dockerfile"),
    tags=(OWN,),
    inputs=("poetry-fti.inputs", "sha256:1"),
)
TAGGED: Final = replace(JOB, tags=(OWN, NAMED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Known(ContainerEngine):
    """An engine whose images, and those of its registry, have these digests of their inputs."""

    images: Mapping[str, str] = field(default_factory=dict)

    def label(self, tag: str, name: str, platform: str | None, *, pushed: bool) -> str | None:  # noqa: ARG002
        return self.images.get(tag)


def tags(job: BuildJob, images: Mapping[str, str], *, push: bool, force: bool = False) -> list[str]:
    engine = Known(program="docker", platform="linux/amd64", images=images)
    left = remaining(job, engine, push=push, force=force)
    return list(left.tags) if left else []


def test_an_image_that_exists_is_not_built_again() -> None:
    for push in (False, True):
        assert tags(JOB, {}, push=push) == [OWN]
        assert tags(JOB, {OWN: "sha256:1"}, push=push) == []
        assert tags(TAGGED, {OWN: "sha256:1", NAMED: "sha256:1"}, push=push) == []


def test_in_a_registry_only_the_tag_that_the_user_names_is_moved() -> None:
    for other in ({}, {NAMED: "sha256:0"}, {NAMED: ""}):
        assert tags(TAGGED, {OWN: "sha256:1", **other}, push=True) == [NAMED]
    assert tags(TAGGED, {NAMED: "sha256:0"}, push=True) == [OWN, NAMED]
    assert tags(TAGGED, {OWN: "sha256:1", NAMED: "sha256:1"}, push=True, force=True) == [NAMED]
    assert tags(JOB, {OWN: "sha256:1"}, push=True, force=True) == []


def test_in_the_engine_both_are_written() -> None:
    assert tags(TAGGED, {OWN: "sha256:1"}, push=False) == [OWN, NAMED]
    assert tags(JOB, {OWN: "sha256:0"}, push=False) == [OWN]
    assert tags(JOB, {OWN: "sha256:1"}, push=False, force=True) == [OWN]


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("found", ["sha256:0", ""])
def test_another_image_with_the_tag_of_these_inputs_is_an_error(found: str, force: bool) -> None:  # noqa: FBT001
    with pytest.raises(FtiError) as raised:
        tags(TAGGED, {OWN: found}, push=True, force=force)
    assert str(raised.value) == (
        "The registry has another image with the tag credit:inputs-1, which is not overwritten."
        " Delete it there, or set tool.fti.stages.inference.image.name to another name."
    )
