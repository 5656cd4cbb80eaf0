"""Check `accelerator`: packages for GPUs and builds for CPUs where they do not belong."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from checked import stage
from checked_files import report, requiring
from memory_commands import Ended, run
from poetry_fti.model.images.image import Image
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject
    from poetry_fti.checks.shared.facts import CheckedStage
    from poetry_fti.model.stage import Kind

CUDA: Final = ("nvidia-cublas-cu12", "nvidia-cudnn-cu12", "nvidia-nccl-cu12", "triton")
TORCH: Final = {"torch": "2.6.0", **dict.fromkeys(CUDA, "12.4")}
BASE: Final = Image(base="nvidia/cuda:12.4.1-runtime-ubuntu22.04")


def serving(
    image: Image = Image(),
    *,
    pins: dict[str, str] = TORCH,
    direct: str = "torch",
    kind: Kind = "inference",
    env: str | None = None,
) -> CheckedStage:
    """Return a stage that requires torch, which requires packages for GPUs."""
    found = requiring(stage(kind, pins, direct=direct.split()), "torch", *pins)
    variables = () if env is None else (("CUDA_VISIBLE_DEVICES", env),)
    return replace(found, stage=replace(found.stage, image=image, env=variables))


def test_cuda_in_a_stage_that_serves_is_reported_once() -> None:
    assert report("accelerator", serving()) == (
        "inference: warning: 4 packages for GPUs in a stage for CPUs: nvidia-cublas-cu12 12.4,"
        " nvidia-cudnn-cu12 12.4, nvidia-nccl-cu12 12.4 and 1 more\n"
        "an inference stage whose settings name no GPU; required by pyproject.toml -> torch ->"
        " nvidia-cublas-cu12\n"
        "Take torch from a package source with builds for CPUs,"
        " https://download.pytorch.org/whl/cpu; if the stage uses GPUs, set `env` to"
        ' { NVIDIA_VISIBLE_DEVICES = "all" }'
    )


@pytest.mark.parametrize(
    "silent",
    [
        serving(kind="training"),
        serving(env="0"),
        serving(Image(base="corp.example/ml/runtime:7")),
        serving(pins={**TORCH, "vllm": "0.9"}, direct="torch vllm"),
        serving(pins={**TORCH, "torch": "2.6.0+cu124"}),
        serving(direct="torch nvidia-nccl-cu12"),
        serving(pins={"torch": "2.6.0+cpu", "nvidia-ml-py": "12.5"}),
        serving(BASE, kind="training"),
        serving(BASE, pins={"torch": "2.6.0+cu128"}, kind="training"),
    ],
)
def test_stages_that_use_gpus_or_may_use_them_are_silent(silent: CheckedStage) -> None:
    assert report("accelerator", silent) == ""


def test_hidden_gpus_make_a_stage_one_for_cpus() -> None:
    pins = {"onnxruntime-gpu": "1.20"}
    assert report("accelerator", serving(pins=pins, direct="onnxruntime-gpu", env="")) == (
        "inference: warning: 1 package for GPUs in a stage for CPUs: onnxruntime-gpu 1.20\n"
        'the stage sets CUDA_VISIBLE_DEVICES = ""; required by pyproject.toml -> onnxruntime-gpu\n'
        "Leave onnxruntime-gpu out with `exclude` of tool.fti.stages.inference, or require builds"
        ' for CPUs; if the stage uses GPUs, set `env` to { NVIDIA_VISIBLE_DEVICES = "all" }'
    )


def test_builds_for_cpus_in_a_stage_for_gpus_are_errors() -> None:
    pins = {"torch": "2.6.0+cpu", "torchvision": "0.21.0+cpu"}
    assert report("accelerator", serving(BASE, pins=pins, kind="training")) == (
        "training: error: torch 2.6.0+cpu and torchvision 0.21.0+cpu are builds for CPUs, in a"
        " stage for GPUs\n"
        "the base image nvidia/cuda:12.4.1-runtime-ubuntu22.04 contains CUDA\n"
        "Lock builds for CUDA from a source that has them, such as"
        " https://download.pytorch.org/whl/cu124"
    )
    pins = {"tensorflow-cpu": "2.19"}
    assert report("accelerator", serving(pins=pins, kind="training", env="0")) == (
        "training: error: tensorflow-cpu 2.19 is a build for CPUs, in a stage for GPUs\n"
        'the stage sets CUDA_VISIBLE_DEVICES = "0"\n'
        "Lock builds for CUDA"
    )


def test_another_major_version_of_cuda_in_the_base_is_reported() -> None:
    pins = {"nvidia-cudnn-cu13": "9.1", "nvidia-cuda-runtime": "13.0.48", "torch": "2.14.0"}
    assert report("accelerator", serving(BASE, pins=pins, kind="training")) == (
        "training: warning: the base image has CUDA 12.4, but nvidia-cuda-runtime 13.0.48 is built"
        " for CUDA 13.0\n"
        "the base image is nvidia/cuda:12.4.1-runtime-ubuntu22.04\n"
        "Choose a base image without CUDA, since the packages contain their own, or builds for"
        " CUDA 12"
    )
    assert "nvidia-cudnn-cu13 9.1 is built for CUDA 13\n" in report(
        "accelerator", serving(BASE, pins={"nvidia-cudnn-cu13": "9.1"}, kind="training")
    )


@pytest.mark.slow
def test_the_packages_that_xgboost_requires_can_be_left_out(demo: MemoryProject) -> None:
    demo.index.offer({"xgboost 3.0": ["nvidia-nccl-cu12"], "nvidia-nccl-cu12 2.28": []})
    demo.write(pyproject({"inference": ["xgboost"]}))
    demo.lock()
    assert run(demo, "check", "--only", "accelerator") == Ended(
        0,
        """\
inference
  warning 1 package for GPUs in a stage for CPUs: nvidia-nccl-cu12 2.28 [accelerator]
    an inference stage whose settings name no GPU; required by pyproject.toml -> xgboost ->\
 nvidia-nccl-cu12
    Leave nvidia-nccl-cu12 out with `exclude` of tool.fti.stages.inference, or require builds for\
 CPUs; if the stage uses GPUs, set `env` to { NVIDIA_VISIBLE_DEVICES = "all" }.

1 check run: 0 errors, 1 warning.
""",
    )
