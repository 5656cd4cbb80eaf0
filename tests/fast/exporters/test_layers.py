"""Which packages lie in layers of their own."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.utils import canonicalize_name
from packaging.version import Version

from poetry_fti.exporters import dockerfile
from poetry_fti.exporters.docker.layers.plan import plan_layers, unlayered
from poetry_fti.model import (
    Image,
    IndexOrigin,
    LockedFile,
    LockedPackage,
    LockedStage,
    Platform,
    Stage,
    Targets,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry_fti.model import Layer

AMD64 = Platform("linux", "amd64")
ARM64 = Platform("linux", "arm64")
MACOS = Platform("macos", "arm64")
MB = 1_000_000
WHEELS = {
    AMD64: "cp311-cp311-manylinux_2_28_x86_64",
    ARM64: "cp311-cp311-manylinux_2_28_aarch64",
    MACOS: "cp311-cp311-macosx_11_0_arm64",
}


def package(
    name: str, size: float, version: str = "1", on: Sequence[Platform] = (AMD64,)
) -> LockedPackage:
    """Return a package with a wheel for each platform, of as many megabytes."""
    files = [
        LockedFile(
            name=f"{name}-{version}-{WHEELS[platform]}.whl",
            digest=f"sha256:{name}-{version}-{platform}",
            size=int(size * MB),
        )
        for platform in on
    ]
    return LockedPackage(name=canonicalize_name(name), version=Version(version), files=tuple(files))


def stage(
    name: str,
    *packages: LockedPackage,
    image: Image = Image(),
    platforms: tuple[Platform, ...] = (AMD64,),
    python: str = ">=3.11,<3.14",
) -> LockedStage:
    targets = Targets(platforms=platforms)
    return LockedStage(
        stage=Stage(
            name=name, kind="training", groups=(), closure=(), targets=targets, image=image
        ),
        folder=PurePosixPath("fti", name),
        requires_python=python,
        digest="sha256:0",
        packages=packages,
        indexes=(IndexOrigin(),),
    )


def shown(layers: Sequence[Layer]) -> list[str]:
    return [
        f"{'+'.join(layer.stages)}: {' '.join(each.name for each in layer.packages)}"
        f" {layer.size / MB:g}"
        for layer in layers
    ]


def planned(*stages: LockedStage) -> dict[str, list[str]]:
    return {name: shown(layers) for name, layers in plan_layers(stages).items()}


TORCH, NUMPY, PANDAS, XGBOOST = (
    package("torch", 800),
    package("numpy", 18),
    package("pandas", 60),
    package("xgboost", 250),
)
SMALL = package("small", 0.2)


def test_what_all_share_lies_below_what_most_share() -> None:
    feature = stage("feature", NUMPY, PANDAS, SMALL)
    training = stage("training", NUMPY, PANDAS, XGBOOST, SMALL)
    inference = stage("inference", NUMPY, XGBOOST, SMALL)

    everywhere, pair = "feature+inference+training: numpy 18", "inference+training: xgboost 250"
    expected = {
        "feature": [everywhere, "feature+training: pandas 60"],
        "training": [everywhere, "feature+training: pandas 60", pair],
        "inference": [everywhere, pair],
    }
    for order in permutations([feature, training, inference]):
        assert planned(*order) == expected


def test_little_is_not_shared() -> None:
    for size, shares in ((19, False), (20, True)):
        found = planned(stage("a", package("p", size), SMALL), stage("b", package("p", size)))
        assert bool(found["a"]) == shares
    many = [package(f"p{number}", 0.9) for number in range(100)]
    assert planned(stage("a", *many), stage("b", *many)) == {"a": [], "b": []}


def test_a_set_that_saves_too_little_makes_way_for_another() -> None:
    # All three have 5 MB, which is no layer but joins that of the pair.
    small = package("five", 5)
    assert planned(stage("a", small, NUMPY), stage("b", small, NUMPY), stage("c", small)) == {
        "a": ["a+b: five numpy 23"],
        "b": ["a+b: five numpy 23"],
        "c": [],
    }


def test_what_one_stage_lacks_is_shared_by_the_others() -> None:
    # No set of stages is that of boosting, but two have it in parts.
    found = planned(
        stage("a", TORCH, XGBOOST),
        stage("b", TORCH, XGBOOST),
        stage("c", PANDAS, XGBOOST),
        stage("d", PANDAS, XGBOOST),
    )
    assert found["a"] == ["a+b+c+d: xgboost 250", "a+b: torch 800"]
    assert found["d"] == ["a+b+c+d: xgboost 250", "c+d: pandas 60"]


def test_the_parts_of_a_large_package_lie_with_it() -> None:
    parts = (package("torch-extras", 0.3), package("torchvision", 2))
    assert planned(stage("a", TORCH, *parts)) == {"a": ["a: torch torch-extras 800.3"]}


def test_large_packages_lie_below_small_ones() -> None:
    assert planned(stage("a", TORCH, NUMPY, package("mid", 9), SMALL)) == {
        "a": ["a: numpy torch 818"]
    }
    assert planned(stage("a", TORCH)) == {"a": []}, "there is nothing above it"
    assert planned(stage("a", NUMPY, SMALL)) == {"a": []}, "it is not large enough"


OTHER = (
    stage("b", package("torch", 800, "2"), SMALL),
    stage("b", replace(TORCH, marker=Marker('python_version < "3.12"')), SMALL),
    stage("b", replace(TORCH, origin=IndexOrigin("mirror", "https://mirror.example")), SMALL),
    stage("b", replace(TORCH, files=(LockedFile(name="x.whl", digest="sha256:x"),)), SMALL),
    stage("b", TORCH, SMALL, image=Image(base="python:3.12-slim-bookworm")),
    stage("b", TORCH, SMALL, image=Image(apt=("libgomp1",))),
    stage("b", TORCH, SMALL, image=Image(installer="pip")),
    stage("b", TORCH, SMALL, image=Image(run_before=("true",))),
    stage("b", TORCH, SMALL, image=Image(base="python:3.12-alpine")),
    stage("b", TORCH, SMALL, python=">=3.12"),
)


@pytest.mark.parametrize("other", OTHER)
def test_what_differs_is_not_shared(other: LockedStage) -> None:
    layers = plan_layers([stage("a", TORCH, SMALL), other])
    assert [layer.stages for found in layers.values() for layer in found if layer.saving] == []


def test_what_is_built_or_has_no_size_stays_with_the_rest() -> None:
    sdist = LockedFile(name="torch-1.tar.gz", digest="sha256:1", size=800 * MB)
    built = replace(TORCH, files=(sdist,))
    unknown = replace(TORCH, files=tuple(replace(file, size=None) for file in TORCH.files))
    partly = stage("b", TORCH, SMALL, platforms=(AMD64, ARM64))
    for locked in (stage("a", built, SMALL), stage("a", unknown, SMALL), partly):
        assert plan_layers([locked]) == {locked.stage.name: ()}


def test_stages_of_several_platforms_share_with_one_of_them() -> None:
    wide = package("torch", 800, on=(AMD64, ARM64))
    layers = plan_layers(
        [
            stage("a", TORCH, SMALL),
            stage("b", wide, SMALL, platforms=(AMD64, ARM64)),
            stage("c", package("torch", 800, on=(MACOS,)), SMALL, platforms=(MACOS,)),
        ]
    )
    assert shown(layers["a"]) == ["a+b: torch 800"]
    assert layers["a"] == layers["b"]
    assert layers["c"] == ()
    assert len(layers["a"][0].packages[0].files) == len(wide.files), "the files of both"


packages = st.sampled_from(
    [package(name, size, version) for name, size in (("p", 30), ("q", 25), ("r", 60), ("s", 0.5))
     for version in "12"]
)  # fmt: skip
sets = st.lists(packages, unique_by=lambda each: each.name, max_size=4)


@given(st.lists(sets, min_size=1, max_size=5))
def test_every_package_is_installed_once(chosen: list[list[LockedPackage]]) -> None:
    stages = [stage(f"s{number}", *each) for number, each in enumerate(chosen)]
    layers = plan_layers(stages)
    for locked in stages:
        own = layers[locked.stage.name]
        held = [each for layer in own for each in layer.packages]
        rest = unlayered(replace(locked, layers=own))
        found = sorted((each.name, each.version) for each in [*held, *rest])
        assert found == sorted((each.name, each.version) for each in locked.packages)
        assert all(locked.stage.name in layer.stages for layer in own)


SHARED = """\
# Generated by poetry-fti from fti/*/poetry.lock; do not edit. Update with: poetry fti export
# In the images of a and b.

torch==1 \\
    --hash=sha256:torch-1-linux/amd64
"""
OWN = """\
# Generated by poetry-fti from fti/b/poetry.lock; do not edit. Update with: poetry fti export b

small==1 \\
    --hash=sha256:small-1-linux/amd64
"""
BUILDER = """\
WORKDIR /build

FROM builder AS shared-1

RUN --mount=type=cache,target=/opt/builder/.cache/uv \\
    --mount=type=bind,source=fti/b/requirements.shared-1.txt,target=/tmp/requirements.txt \\
    uv venv --python 3.11 /opt/venv \\
    && uv pip install --no-deps --require-hashes --only-binary :all: -r /tmp/requirements.txt \\
    && mkdir -p /layer/opt && mv /opt/venv /layer/opt/

FROM builder AS packages

ARG TARGETPLATFORM

RUN case "$TARGETPLATFORM" in linux/amd64*) ;; \\
    *) echo "The stage b is locked for linux/amd64 only. Build it with --platform linux/amd64." >&2; exit 1 ;; esac

RUN --mount=type=cache,target=/opt/builder/.cache/uv \\
    --mount=type=bind,source=fti/b/requirements.own.txt,target=/tmp/requirements.txt \\
    uv venv --python 3.11 /opt/venv \\
    && uv pip install --no-deps --require-hashes --only-binary :all: -r /tmp/requirements.txt \\
    && mkdir -p /layer/opt && mv /opt/venv /layer/opt/

FROM scratch AS code

COPY --link . /layer/app

FROM base
"""  # noqa: E501


def test_a_layer_is_built_from_requirements_that_are_the_same_in_each_stage() -> None:
    stages = [stage("a", TORCH, SMALL), stage("b", TORCH, SMALL)]
    layers = plan_layers(stages)
    first, second = (
        dockerfile.files(replace(each, layers=layers[each.stage.name])) for each in stages
    )

    name = "requirements.shared-1.txt"
    assert first[name] == second[name] == SHARED
    assert second["requirements.own.txt"] == OWN
    assert BUILDER in second["Dockerfile"]
    copies = [line for line in second["Dockerfile"].splitlines() if line.endswith("/layer /")]
    assert copies == [
        "COPY --link --from=shared-1 /layer /",
        "COPY --link --from=packages /layer /",
        "COPY --link --from=code /layer /",
    ]
    ignore = second["Dockerfile.dockerignore"]
    assert "fti/*\n!fti/b/requirements.own.txt\n!fti/b/requirements.shared-1.txt\n" in ignore
