"""What is said of an image's layers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from packaging.markers import Marker

from fast.exporters.test_layers import (
    AMD64,
    ARM64,
    NUMPY,
    PANDAS,
    SMALL,
    TORCH,
    XGBOOST,
    package,
    stage,
)
from poetry_fti.exporters.docker.layers.cuda import duplicate_cuda
from poetry_fti.exporters.docker.layers.explain import explain, not_shared
from poetry_fti.exporters.docker.layers.plan import plan_layers
from poetry_fti.exporters.docker.layers.sharing import sharing
from poetry_fti.model.images.image import Image
from poetry_fti.model.lock import LockedFile
from poetry_fti.model.platforms import Platform

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedStage


def layered(*stages: LockedStage) -> list[LockedStage]:
    return [replace(each, layers=plan_layers(each)) for each in stages]


def test_each_layer_is_explained() -> None:
    image = Image(
        base="python:3.11",
        apt=("libgomp1",),
        run_before=("true",),
        ca_certificates=(PurePosixPath("acme.pem"),),
    )
    stages = layered(
        stage("training", XGBOOST, TORCH, SMALL, image=image),
        stage("inference", XGBOOST, image=image),
    )
    layers = explain(stages[0], sharing(stages))
    assert [(each.name, each.size, each.holds, each.reason) for each in layers] == [
        ("base", 0, "python:3.11", "the base image that the stage configures"),
        ("system", 0, "acme.pem, true, libgomp1", "what the stage adds to the base image"),
        (
            "shared-torch",
            800_000_000,
            "torch 800 MB",
            "large: not transferred again when another package changes",
        ),
        (
            "shared-xgboost",
            250_000_000,
            "xgboost 250 MB",
            "the same files in inference and training: stored and transferred once",
        ),
        ("packages", 200_000, "small 200 kB", "all other packages"),
        ("code", 0, "the project's folder", "changes most often, so no layer is above it"),
    ]


def test_what_is_built_from_source_has_the_size_of_its_source_distribution() -> None:
    source = LockedFile(name="spark-1.tar.gz", digest="sha256:1", size=318_000_000)
    built = replace(package("spark", 1), files=(source,))
    wheel = package("other", 2)
    either = replace(wheel, files=(*wheel.files, replace(source, name="other-1.tar.gz")))
    (packages,) = (
        each for each in explain(stage("a", built, either), {}) if each.name == "packages"
    )
    assert packages.packages == (("spark", 318_000_000), ("other", 2_000_000))
    # One of the platforms builds it.
    both = stage("a", either, platforms=(AMD64, ARM64))
    (packages,) = (each for each in explain(both, {}) if each.name == "packages")
    assert packages.packages == (("other", 318_000_000),)


def test_an_image_without_packages_is_explained() -> None:
    assert [(each.name, each.holds) for each in explain(stage("a"), {})] == [
        ("base", "python:3.11-slim-bookworm"),
        ("packages", "nothing"),
        ("code", "the project's folder"),
    ]


def test_what_is_not_shared_is_explained() -> None:
    alone = stage("h", TORCH)
    alone = replace(alone, stage=replace(alone.stage, share=False))
    stages = layered(
        stage("a", TORCH, NUMPY, PANDAS, SMALL),
        stage("b", replace(TORCH, marker=Marker('python_version < "3.12"')), PANDAS, SMALL),
        stage("c", package("torch", 800, "2"), NUMPY, SMALL),
        stage(
            "d",
            TORCH,
            NUMPY,
            package("pandas", 60, "2"),
            image=Image(base="python:3.12-slim"),
        ),
        stage("e", TORCH, platforms=(Platform("macos", "arm64"),)),
        stage("f", TORCH, image=Image(installer="pip")),
        stage("g", TORCH, image=Image(python="/opt/conda/bin/python")),
        alone,
        stage("i", package("torch", 800, on=(ARM64,)), platforms=(ARM64,)),
        stage("j", replace(TORCH, digests=frozenset({"sha256:new"}))),
    )
    first, *_ = stages
    assert list(not_shared(first, stages, sharing(stages))) == [
        "not shared with b: torch, which has another index or marker there",
        "not shared with c: torch 1, which is 2 there",
        (
            "not shared with d: torch and numpy, since its base image is python:3.12-slim;"
            " pandas 1, which is 2 there"
        ),
        "not shared with f: torch, since its installer or its system packages differ",
        "not shared with g: torch, since image.python is set for g",
        "not shared with h: torch, since share is false for h",
        "not shared with i: torch, since it has other platforms",
        "not shared with j: torch, whose layer has other files there",
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
