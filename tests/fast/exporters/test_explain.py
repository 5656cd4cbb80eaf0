"""What is said of an image's layers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from packaging.markers import Marker

from fast.exporters.test_layers import NUMPY, PANDAS, SMALL, TORCH, XGBOOST, package, stage
from poetry_fti.exporters.docker.layers.cuda import duplicate_cuda
from poetry_fti.exporters.docker.layers.explain import explain, not_shared
from poetry_fti.exporters.docker.layers.plan import plan_layers
from poetry_fti.model import Image, Platform

if TYPE_CHECKING:
    from poetry_fti.model import LockedStage


def layered(*stages: LockedStage) -> list[LockedStage]:
    layers = plan_layers(stages)
    return [replace(each, layers=layers[each.stage.name]) for each in stages]


def test_each_layer_is_explained() -> None:
    image = Image(
        base="python:3.11",
        apt=("libgomp1",),
        run_before=("true",),
        ca_certificates=(PurePosixPath("acme.pem"),),
    )
    training, _ = layered(
        stage("training", XGBOOST, PANDAS, NUMPY, TORCH, SMALL, image=image),
        stage("inference", XGBOOST, image=image),
    )
    assert [(each.name, each.size, each.holds, each.reason) for each in explain(training)] == [
        ("base", 0, "python:3.11", "the base image that the stage configures"),
        ("system", 0, "acme.pem, true, libgomp1", "what the stage adds to the base image"),
        (
            "shared-1",
            250_000_000,
            "xgboost 250 MB",
            "the same files in inference and training: stored and transferred once",
        ),
        (
            "large",
            878_000_000,
            "torch 800 MB, pandas 60 MB, numpy 18 MB",
            "large: not transferred again when a small package changes",
        ),
        ("packages", 200_000, "small 200 kB", "all other packages"),
        ("code", 0, "the project's folder", "changes most often, so no layer is above it"),
    ]


def test_an_image_without_packages_is_explained() -> None:
    assert [(each.name, each.holds) for each in explain(stage("a"))] == [
        ("base", "python:3.11-slim-bookworm"),
        ("packages", "nothing"),
        ("code", "the project's folder"),
    ]


def test_what_is_not_shared_is_explained() -> None:
    stages = layered(
        stage("a", TORCH, NUMPY, PANDAS, SMALL),
        stage("b", replace(TORCH, marker=Marker('python_version < "3.12"')), PANDAS, SMALL),
        stage("c", package("torch", 800, "2"), NUMPY, SMALL),
        stage("d", TORCH, NUMPY, image=Image(base="python:3.12-slim")),
        stage("e", TORCH, platforms=(Platform("macos", "arm64"),)),
    )
    first, *_ = stages
    assert list(not_shared(first, stages)) == [
        "not shared with b: torch, which has another index or marker there",
        "not shared with c: torch 1, which is 2 there; numpy, since other layers save more",
        "not shared with d: torch and numpy, since its base image is python:3.12-slim",
    ]


def test_cuda_is_not_wanted_twice() -> None:
    packages = (TORCH, package("nvidia-cudnn-cu13", 600), package("nvidia-cublas", 500))
    base = "nvidia/cuda:12.8.1-runtime-ubuntu24.04@sha256:0123"
    assert duplicate_cuda(stage("training", *packages, image=Image(base=base))) == (
        f"The base image {base} contains CUDA, and so do 2 packages of the stage"
        ' "training" (1.1 GB). Use a base image without CUDA.'
    )
    for locked in (
        stage("a", TORCH, image=Image(base=base)),
        stage("a", *packages),
        stage("a", *packages, image=Image(base="acme/barracuda:1")),
    ):
        assert duplicate_cuda(locked) == ""
