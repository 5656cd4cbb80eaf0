"""The tags of images that exist already, and which of them a build may write."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from poetry_fti.ports.container_engine import ContainerEngine
    from poetry_fti.ports.engine_commands import BuildJob


def remaining(
    job: BuildJob, engine: ContainerEngine, *, push: bool, force: bool
) -> BuildJob | None:
    """Return a job with the tags that have to be written; None if there is nothing to do.

    The first tag is the digest of the inputs: in a registry it is never written twice, not even
    with `force`. Raises FtiError if it refers to an image with other inputs there. The tag that the
    user has named may be moved.
    """
    name, digest = job.inputs
    platform = str(job.platforms[0]) if job.platforms else None
    found = {tag: engine.label(tag, name, platform, pushed=push) for tag in job.tags}
    own, *named = job.tags
    if not push:
        return job if force or set(found.values()) != {digest} else None
    if found[own] is None:
        return job
    if found[own] != digest:
        raise FtiError(
            f"The registry has another image with the tag {own}, which is not overwritten."
            f" Delete it there, or set tool.fti.stages.{job.stage}.image.name to another name."
        )
    moved = tuple(tag for tag in named if force or found[tag] != digest)
    return replace(job, tags=moved) if moved else None
