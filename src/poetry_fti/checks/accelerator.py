"""Check `accelerator`: stages have packages for the processors that they run on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from poetry_fti.base_images import cuda_version, has_cuda
from poetry_fti.checks import Check, Finding
from poetry_fti.checks.shared.chains import shortest_chain
from poetry_fti.checks.shared.gpu import built_for, cuda_text, is_for_cpus, is_for_gpus, needs_gpu
from poetry_fti.checks.shared.packages import named, required, sole
from poetry_fti.wording import MOST_NAMED, counted, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poetry_fti.checks.shared.facts import CheckedProject, CheckedStage
    from poetry_fti.model.lock import LockedPackage
    from poetry_fti.model.stage import Stage

_HIDDEN: Final = ("", "-1", "none", "void")
_VARIABLES: Final = ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES")
# Images without anything for GPUs, in which CUDA may still be used from packages.
_PLAIN: Final = re.compile(r"(docker\.io/)?(library/)?(python|debian|ubuntu|alpine)(:|@|$)")
# Packages whose usual builds for Linux require CUDA, whether it is used or not.
_CARRIERS: Final = ("torch", "xgboost")
_CPU_INDEX: Final = "https://download.pytorch.org/whl/cpu"


@dataclass(frozen=True, slots=True)
class _Purpose:
    """What a stage runs on, and how that is known."""

    processor: Literal["cpu", "gpu"]
    reason: str


def _find(project: CheckedProject) -> Iterator[Finding]:
    for stage in project.stages:
        purpose = _purpose(stage.stage)
        packages = sorted(stage.packages, key=lambda each: (each.name, each.version))
        for_gpus = [each for each in packages if is_for_gpus(each)]
        if purpose is None:
            if for_gpus and _is_by_chance(stage, for_gpus):
                reason = "an inference stage whose settings name no GPU"
                yield _superfluous(stage, for_gpus, reason)
        elif purpose.processor == "cpu":
            if for_gpus:
                yield _superfluous(stage, for_gpus, purpose.reason)
        else:
            names = {each.name for each in for_gpus}
            for_cpus = [each for each in packages if is_for_cpus(each) and each.name not in names]
            if for_cpus:
                yield _slow(stage, for_cpus, purpose.reason)
        yield from _other_cuda(stage, for_gpus)


def _purpose(stage: Stage) -> _Purpose | None:
    """Return what the settings of a stage say that it runs on; None if they leave it open."""
    variables = stage.variables
    for name in _VARIABLES:
        if name in variables:
            is_hidden = variables[name].strip().lower() in _HIDDEN
            value = f'{name} = "{variables[name]}"'
            return _Purpose("cpu" if is_hidden else "gpu", f"the stage sets {value}")
    base = stage.image.base
    if base and has_cuda(base):
        return _Purpose("gpu", f"the base image {base} contains CUDA")
    return None


def _is_by_chance(stage: CheckedStage, for_gpus: Sequence[LockedPackage]) -> bool:
    """Return whether a stage that serves contains packages for GPUs without having required any."""
    image = stage.stage.image
    if stage.stage.kind != "inference" or image.dockerfile or image.template:
        return False
    if image.base and not _PLAIN.match(image.base):
        return False
    names = {each.name for each in for_gpus}
    if any(each.version.local for each in for_gpus) or any(
        needs_gpu(each.name) for each in stage.packages if each.name not in names
    ):
        return False
    chains = [shortest_chain(stage, name) for name in sorted(names)]
    return all(
        len(chain) > 1 and (chain[-2] in _CARRIERS or chain[-2] in names) for chain in chains
    )


def _superfluous(stage: CheckedStage, found: Sequence[LockedPackage], reason: str) -> Finding:
    return Finding(
        check="accelerator",
        level="warning",
        stage=stage.name,
        package=sole(found),
        message=f"{counted(len(found), 'package')} for GPUs in a stage for CPUs: {named(found)}",
        because="; ".join(filter(None, (reason, required(stage, found[0].name)))),
        fix=_fix(stage, found),
        path=stage.path,
    )


def _fix(stage: CheckedStage, found: Sequence[LockedPackage]) -> str:
    names = {each.name for each in stage.packages}
    if "torch" in names:
        fix = f"Take torch from a package source with builds for CPUs, {_CPU_INDEX}"
    else:
        listed = joined([each.name for each in found[:MOST_NAMED]])
        what = "them" if len(found) > MOST_NAMED else listed
        fix = f"Leave {what} out with `exclude` of {stage.path}, or require builds for CPUs"
    return f'{fix}; if the stage uses GPUs, set `env` to {{ NVIDIA_VISIBLE_DEVICES = "all" }}'


def _slow(stage: CheckedStage, found: Sequence[LockedPackage], reason: str) -> Finding:
    verb = "is a build" if len(found) == 1 else "are builds"
    base = stage.stage.image.base
    version = cuda_version(base) if base else None
    index = f"https://download.pytorch.org/whl/cu{version[0]}{version[1]}" if version else "PyPI"
    is_torch = any(each.version.local for each in found)
    source = f" from a source that has them, such as {index}" if is_torch else ""
    return Finding(
        check="accelerator",
        level="error",
        stage=stage.name,
        package=sole(found),
        message=f"{named(found)} {verb} for CPUs, in a stage for GPUs",
        because=reason,
        fix=f"Lock builds for CUDA{source}",
        path=stage.path,
    )


def _other_cuda(stage: CheckedStage, for_gpus: Sequence[LockedPackage]) -> Iterator[Finding]:
    base = stage.stage.image.base
    version = cuda_version(base) if base else None
    built = [(each, found) for each in for_gpus if (found := built_for(each)) is not None]
    # The package that names the minor version says most.
    built.sort(key=lambda pair: (pair[1][1] is None, pair[0].name))
    if version is None or not built or version[0] in {found[0] for _, found in built}:
        return
    package, found = built[0]
    yield Finding(
        check="accelerator",
        level="warning",
        stage=stage.name,
        package=package.name,
        message=(
            f"the base image has {cuda_text(version)}, but {package.name} {package.version} is"
            f" built for {cuda_text(found)}"
        ),
        because=f"the base image is {base}",
        fix=(
            "Choose a base image without CUDA, since the packages contain their own, or builds for"
            f" {cuda_text((version[0], None))}"
        ),
        path=stage.stage.image_key("base"),
    )


CHECK: Final = Check(
    _find,
    "stages for CPUs contain no packages for GPUs, and stages for GPUs no builds for CPUs",
    "The builds of torch and XGBoost on PyPI require gigabytes of CUDA libraries on Linux, which a"
    " stage that serves on CPUs downloads and never uses. The opposite mistake, a build for CPUs in"
    " a stage that trains on GPUs, runs without an error, but slowly.\n\nA stage is for GPUs if the"
    " name of its base image contains CUDA, or if its `env` sets CUDA_VISIBLE_DEVICES or"
    " NVIDIA_VISIBLE_DEVICES; it is for CPUs if one of them hides the GPUs (an empty string or -1)."
    " An inference stage without either is taken for one on CPUs if only torch and XGBoost require"
    " packages for GPUs; all other stages are not judged. If the name of the base image has a"
    " version of CUDA, its major version is compared with that of the packages.\n\nTake torch from"
    f" {_CPU_INDEX}, leave nvidia-nccl out with `exclude`, or name the GPUs in `env`.",
)
