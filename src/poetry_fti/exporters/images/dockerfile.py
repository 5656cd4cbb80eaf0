"""Dockerfile and Dockerfile.dockerignore: the image of a stage."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from poetry_fti.errors import FtiError
from poetry_fti.exporters import StageExporter
from poetry_fti.exporters.docker.base_image import become_root, from_base
from poetry_fti.exporters.docker.context.dockerignore import dockerignore
from poetry_fti.exporters.docker.instructions.build_stages import code_stage, package_stages
from poetry_fti.exporters.docker.instructions.certificates import certificates
from poetry_fti.exporters.docker.instructions.contents import code, own_files, packages, sbom
from poetry_fti.exporters.docker.instructions.leading_comment import (
    leading_comment,
    syntax_directive,
)
from poetry_fti.exporters.docker.instructions.settings import environment, labels, start
from poetry_fti.exporters.docker.instructions.system import base_system, last_steps
from poetry_fti.exporters.docker.instructions.user import make_user
from poetry_fti.exporters.docker.layers.subsets import subset_files
from poetry_fti.exporters.docker.template import STANDARD, directives, fill
from poetry_fti.exporters.shared.build_constraints import build_constraint_files
from poetry_fti.exporters.shared.images import with_images
from poetry_fti.model.images.image import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from poetry_fti.model.lock import LockedStage

    Block: TypeAlias = Callable[[LockedStage], Iterator[str]]


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return the Dockerfile, its ignore file, the requirements of its layers and of builds.

    The mapping is empty for a stage that does not run on Linux. Raises FtiError for a configuration
    that no image can be built from.
    """
    if not with_images([locked]):
        if locked.stage.image == Image():
            return {}
        message = f'The stage "{locked.stage.name}" has an image, but no Linux among its platforms.'
        raise FtiError(f"{message} Add linux/amd64 or linux/arm64, or remove the image table.")
    _refuse_own(locked)
    return {
        "Dockerfile": _text(locked),
        "Dockerfile.dockerignore": dockerignore(locked),
        **subset_files(locked),
        **build_constraint_files(locked),
    }


def _text(locked: LockedStage) -> str:
    template = STANDARD if locked.template is None else locked.template
    first = directives(template)
    if not any("syntax" in line.partition("=")[0].lower() for line in first):
        first = [*syntax_directive(locked), *first]
    blocks = {name: partial(_joined, block, locked) for name, block in BLOCKS.items()}
    rest = fill(template, blocks, str(locked.stage.image.template))
    return "\n".join([*first, leading_comment(locked), "", rest, ""])


def _joined(block: Block, locked: LockedStage) -> str:
    return "\n\n".join(block(locked))


def _refuse_own(locked: LockedStage) -> None:
    image = locked.stage.image
    for key, path in (("template", image.template), ("dockerfile", image.dockerfile)):
        if path == locked.folder / "Dockerfile":
            where = locked.stage.image_key(key)
            raise FtiError(f'{where}: "{path}" is written by the export. Name another file.')


def _base(locked: LockedStage) -> Iterator[str]:
    yield from_base(locked)
    yield from become_root(locked)
    yield from certificates(locked)
    yield from base_system(locked)


def _builder(locked: LockedStage) -> Iterator[str]:
    yield from package_stages(locked)
    yield from code_stage(locked)


def _labels(locked: LockedStage) -> Iterator[str]:
    # Last, since it is new whenever the lock is.
    yield from sbom(locked)
    yield from labels(locked)


def _workdir(locked: LockedStage) -> Iterator[str]:
    yield f"WORKDIR {locked.stage.image.workdir}"


# The blocks that a template can name, in the order of the standard template.
BLOCKS: Final[Mapping[str, Block]] = {
    "base": _base,
    "builder": _builder,
    "user": make_user,
    "workdir": _workdir,
    "packages": packages,
    "files": own_files,
    "code": code,
    "environment": environment,
    "steps": last_steps,
    "labels": _labels,
    "start": start,
}


EXPORTER: Final = StageExporter("Dockerfile", files, needs_layers=True)
