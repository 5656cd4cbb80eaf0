"""bentofile.yaml: an inference stage's Python, packages and settings for a Bento of BentoML."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.exporters import StageExporter
from poetry_fti.exporters.platforms.conda_text import WIDTH, stage_python
from poetry_fti.exporters.platforms.paths import left_out_note, without_paths
from poetry_fti.exporters.shared.header import header
from poetry_fti.exporters.shared.images import has_image
from poetry_fti.exporters.shared.pip_lines import hashed_or_none, pip_lines
from poetry_fti.exporters.shared.yaml_text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.model.lock import LockedStage

FILENAME: Final = "bentofile.yaml"

_SERVE: Final = ("bentoml", "serve")
# Settings of a stage and of its image that a Bento does not have.
_STAGE_KEYS: Final = ("exclude", "overrides")
_IMAGE_KEYS: Final = (
    *("build_apt", "ca_certificates", "copy", "dockerfile", "entrypoint"),
    *("labels", "run_after", "run_before", "template"),
)


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return bentofile.yaml; an empty mapping unless it is an inference stage with an image.

    No requirement has hashes if one of the packages is a source tree, which cannot have one. Raises
    FtiError if the stage allows no known version of Python.
    """
    stage = locked.stage
    if stage.kind != "inference" or not has_image(stage):
        return {}
    document: dict[str, Any] = {
        **_service(stage.image.command),
        "labels": {"fti-stage": stage.name, "fti-lock": locked.digest},
        "docker": _docker(locked),
        "python": _python(locked),
    }
    if variables := stage.variables:
        document["envs"] = [{"name": name, "value": value} for name, value in variables.items()]
    top = [header(locked), *_notes(locked)]
    return {FILENAME: "\n".join([*top, yaml_text(document, width=WIDTH)])}


def _service(command: tuple[str, ...]) -> dict[str, str]:
    """Return the service that a command serves; without one, BentoML looks into service.py."""
    served = command[len(_SERVE) :] if command[: len(_SERVE)] == _SERVE else ()
    return {"service": served[0]} if served and not served[0].startswith("-") else {}


def _docker(locked: LockedStage) -> dict[str, Any]:
    stage = locked.stage
    return {
        "distro": "alpine" if stage.targets.libc.family == "musl" else "debian",
        **({"base_image": stage.image.base} if stage.image.base else {}),
        "python_version": str(stage_python(locked)),
        **({"system_packages": list(stage.image.apt)} if stage.image.apt else {}),
    }


def _python(locked: LockedStage) -> dict[str, Any]:
    lines = pip_lines(hashed_or_none(without_paths(locked)))
    return {
        **({"packages": lines} if lines else {}),
        # The packages are those of the lock: BentoML would resolve them again.
        "lock_packages": False,
        # It would replace git repositories by wheels that it builds on this machine.
        "pack_git_packages": False,
        **({"is_src_layout": True} if PurePosixPath("src") in locked.code.roots else {}),
    }


def _notes(locked: LockedStage) -> Iterator[str]:
    """Yield comments on what is not locked, and on what a Bento does not have."""
    stage = locked.stage
    if all(package.name != "bentoml" for package in locked.packages):
        yield "# bentoml is not in the lock: a Bento installs the version that builds it"
    yield from left_out_note(locked, "a Bento contains their code, but does not install them")
    missing = [key for key in _STAGE_KEYS if getattr(stage, key)]
    missing += [
        f"image.{key.replace('_', '-')}" for key in _IMAGE_KEYS if getattr(stage.image, key)
    ]
    if missing:
        yield f"# A Bento does not have these settings: {', '.join(missing)}"


EXPORTER: Final = StageExporter(FILENAME, files, can_omit_hashes=True, can_omit_markers=True)
