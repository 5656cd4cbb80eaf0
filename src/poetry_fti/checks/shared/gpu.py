"""Packages for GPUs, builds for CPUs, and the version of CUDA that packages are built for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedPackage
    from poetry_fti.targets import Minor

# Libraries of CUDA and what consists of code for GPUs only. `nvidia-ml-py`, which many monitoring
# tools require, is small and works without a GPU.
_GPU: Final = re.compile(
    r"nvidia-(?:cublas|cuda-|cudnn|cufft|cufile|curand|cusolver|cusparse|nccl|nvjitlink|nvshmem"
    r"|nvtx|nvjpeg|npp).*"
    r"|nvidia-.*-cu1\d"
    r"|cuda-(?:bindings|pathfinder|python|toolkit)"
    r"|(?:pytorch-)?triton"
    r"|jax-cuda1\d-(?:plugin|pjrt)"
    r"|cupy-cuda1\d[0-9x]*"
    r"|(?:onnxruntime|onnxruntime-genai|tensorflow|paddlepaddle|faiss|mxnet)-gpu.*"
    r"|faiss-gpu.*|tensorrt(?:-.*)?|(?:cudf|cuml|cugraph|rmm|pylibraft)-cu1\d"
)
# Packages that are mostly required to use a GPU.
_FOR_GPUS: Final = frozenset(
    (
        "auto-gptq",
        "bitsandbytes",
        "deepspeed",
        "flash-attn",
        "gptqmodel",
        "sglang",
        "vllm",
        "xformers",
    )
)
_CPU: Final = frozenset(("tensorflow-cpu", "xgboost-cpu", "intel-tensorflow"))
_LOCAL: Final = re.compile(r"cu(\d\d)(\d)")
_SUFFIX: Final = re.compile(r"-cu(\d\d)$")
_RUNTIME: Final = re.compile(r"nvidia-cuda-runtime(?:-cu\d\d)?")


def is_for_gpus(package: LockedPackage) -> bool:
    """Return whether a package, or this build of it, contains code for GPUs from NVIDIA."""
    local = package.version.local or ""
    return _GPU.fullmatch(package.name) is not None or _LOCAL.match(local) is not None


def needs_gpu(name: str) -> bool:
    """Return whether a package of this name is required to use a GPU."""
    return name in _FOR_GPUS or _GPU.fullmatch(name) is not None


def is_for_cpus(package: LockedPackage) -> bool:
    """Return whether this build of a package is without support for GPUs."""
    return package.version.local == "cpu" or package.name in _CPU


def built_for(package: LockedPackage) -> tuple[int, int | None] | None:
    """Return the version of CUDA that a package is built for; its minor version may be None."""
    if found := _LOCAL.match(package.version.local or ""):
        return int(found[1]), int(found[2])
    if _RUNTIME.fullmatch(package.name):
        return package.version.major, package.version.minor
    suffix = _SUFFIX.search(package.name)
    return (int(suffix[1]), None) if suffix else None


def cuda_text(version: tuple[int, int | None] | Minor) -> str:
    """Return a version of CUDA as it is written, such as `CUDA 12.4`, or `CUDA 12`."""
    return f"CUDA {'.'.join(str(each) for each in version if each is not None)}"
