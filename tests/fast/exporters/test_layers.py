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

from poetry_fti.exporters.docker.layers.plan import plan_layers, unlayered
from poetry_fti.exporters.docker.layers.sharing import savings, sharing
from poetry_fti.exporters.images import dockerfile
from poetry_fti.model.images.image import Image
from poetry_fti.model.lock import LockedFile, LockedPackage, LockedStage
from poetry_fti.model.origins import IndexOrigin
from poetry_fti.model.platforms import Platform, Targets
from poetry_fti.model.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def planned(*stages: LockedStage) -> list[LockedStage]:
    return [replace(locked, layers=plan_layers(locked)) for locked in stages]


def shown(locked: LockedStage) -> list[str]:
    return [
        f"{layer.name}: {' '.join(each.name for each in layer.packages)} {layer.size / MB:g}"
        for layer in plan_layers(locked)
    ]


def shared(*stages: LockedStage) -> dict[str, list[str]]:
    """Return the stages that have each layer of several images."""
    found: dict[str, list[str]] = {}
    for (_, layer), names in sharing(planned(*stages)).items():
        if len(names) > 1:
            found[layer] = list(names)
    return found


TORCH, NUMPY, PANDAS, XGBOOST = (
    package("torch", 800),
    package("numpy", 18),
    package("pandas", 60),
    package("xgboost", 250),
)
SMALL = package("small", 0.2)
ALONE = (stage("a", TORCH, NUMPY, SMALL), stage("b", TORCH, NUMPY, PANDAS))


def text(locked: LockedStage, name: str) -> str:
    (found,) = planned(locked)
    return dockerfile.files(found)[f"requirements.{name}.txt"]


def test_each_large_package_has_a_layer_that_other_images_share() -> None:
    feature = stage("feature", NUMPY, PANDAS, SMALL)
    training = stage("training", NUMPY, PANDAS, XGBOOST, SMALL)
    inference = stage("inference", NUMPY, XGBOOST, SMALL)

    assert shown(training) == [
        "shared-xgboost: xgboost 250",
        "shared-pandas: pandas 60",
        "shared-numpy: numpy 18",
    ]
    for order in permutations([feature, training, inference]):
        assert shared(*order) == {
            "shared-numpy": ["feature", "inference", "training"],
            "shared-pandas": ["feature", "training"],
            "shared-xgboost": ["inference", "training"],
        }
    assert savings(planned(feature, training, inference)) == {
        ("feature", "inference", "training"): (18 * MB, 36 * MB),
        ("feature", "training"): (60 * MB, 60 * MB),
        ("inference", "training"): (250 * MB, 250 * MB),
    }


@pytest.mark.slow
@pytest.mark.parametrize("added", [SMALL, XGBOOST, package("torch-small", 0.2, "9")])
def test_a_package_that_is_added_changes_no_layer_but_its_own(added: LockedPackage) -> None:
    lower = package("lower", 1)
    before = planned(stage("a", TORCH, NUMPY, lower))[0]
    after = planned(stage("a", TORCH, NUMPY, lower, added))[0]
    for layer in before.layers:
        name = f"requirements.{layer.name}.txt"
        assert dockerfile.files(after)[name] == dockerfile.files(before)[name]
    if added != XGBOOST:
        for name in ("Dockerfile", "Dockerfile.dockerignore"):
            assert dockerfile.files(after)[name] == dockerfile.files(before)[name]


def test_a_layer_names_no_stage_and_lists_the_files_of_all_platforms() -> None:
    wide = package("torch", 800, on=(AMD64, ARM64))
    digests = frozenset(file.digest for file in wide.files)
    narrow = replace(TORCH, digests=digests)
    stages = (
        stage("a", narrow, SMALL),
        stage("b", replace(wide, digests=digests), platforms=(AMD64, ARM64)),
    )
    first, second = (text(each, "shared-torch") for each in stages)
    assert first == second == SHARED
    assert shared(*stages) == {"shared-torch": ["a", "b"]}
    arm = stage("c", replace(package("torch", 800, on=(ARM64,)), digests=digests))
    arm = replace(arm, stage=replace(arm.stage, targets=Targets(platforms=(ARM64,))))
    assert shared(stages[0], arm) == {}, "they have no platform in common"


def test_small_packages_have_no_layer() -> None:
    assert shown(stage("a", package("p", 4.9), SMALL)) == []
    assert shown(stage("a", package("p", 5), SMALL)) == ["shared-p: p 5"]


def test_the_parts_of_a_large_package_lie_with_it() -> None:
    parts = (package("torch-extras", 0.3), package("torch-large", 7), package("torchvision", 2))
    other = package("torch-other", 0.3, "2")
    assert shown(stage("a", TORCH, *parts, other)) == [
        "shared-torch: torch torch-extras torch-large 807.3"
    ]


def test_a_package_with_two_versions_has_one_layer() -> None:
    old = replace(package("numpy", 16, "0"), marker=Marker('python_version < "3.12"'))
    new = replace(NUMPY, marker=Marker('python_version >= "3.12"'))
    assert shown(stage("a", old, new)) == ["shared-numpy: numpy numpy 34"]


def test_the_number_of_layers_is_limited() -> None:
    many = [package(f"p{number}", 100 - number) for number in range(50)]
    assert shown(stage("a", *many))[39:] == ["shared-p39: p39 61"]


def test_without_sharing_large_packages_lie_below_small_ones() -> None:
    def alone(*packages: LockedPackage) -> list[str]:
        locked = stage("a", *packages)
        return shown(replace(locked, stage=replace(locked.stage, share=False)))

    assert alone(TORCH, NUMPY, package("mid", 9), SMALL) == ["large: numpy torch 818"]
    assert alone(TORCH) == [], "there is nothing above it"
    assert alone(NUMPY, SMALL) == [], "it is not large enough"


MIRROR = IndexOrigin("mirror", "https://mirror.example")
OTHER = (
    stage("b", package("torch", 800, "2"), SMALL),
    stage("b", replace(TORCH, marker=Marker('python_version < "3.12"')), SMALL),
    replace(stage("b", replace(TORCH, origin=MIRROR), SMALL), indexes=(MIRROR, IndexOrigin())),
    stage("b", replace(TORCH, files=(LockedFile(name="x.whl", digest="sha256:x"),)), SMALL),
    stage("b", TORCH, SMALL, image=Image(base="python:3.12-slim-bookworm")),
    stage("b", TORCH, SMALL, image=Image(apt=("libgomp1",))),
    stage("b", TORCH, SMALL, image=Image(installer="pip")),
    stage("b", TORCH, SMALL, image=Image(run_before=("true",))),
    stage("b", TORCH, SMALL, image=Image(ca_certificates=(PurePosixPath("acme.pem"),))),
    stage("b", TORCH, SMALL, image=Image(base="python:3.12-alpine")),
    stage("b", TORCH, SMALL, image=Image(python="/opt/conda/bin/python")),
    stage("b", TORCH, SMALL, python=">=3.12"),
    stage("b", package("torch", 800, on=(MACOS,)), SMALL, platforms=(MACOS,)),
    replace(ALONE[1], stage=replace(ALONE[1].stage, share=False)),
)


@pytest.mark.slow_after(6)
@pytest.mark.parametrize("other", OTHER)
def test_what_differs_is_not_shared(other: LockedStage) -> None:
    assert shared(stage("a", TORCH, SMALL), other) == {}


def test_what_is_built_or_has_no_size_stays_with_the_rest() -> None:
    sdist = LockedFile(name="torch-1.tar.gz", digest="sha256:1", size=800 * MB)
    built = replace(TORCH, files=(sdist,))
    unknown = replace(TORCH, files=tuple(replace(file, size=None) for file in TORCH.files))
    partly = stage("b", TORCH, SMALL, platforms=(AMD64, ARM64))
    for locked in (stage("a", built, SMALL), stage("a", unknown, SMALL), partly):
        assert plan_layers(locked) == ()


packages = st.sampled_from(
    [package(name, size, version) for name, size in (("p", 30), ("q", 25), ("r", 60), ("s", 0.5))
     for version in "12"]
)  # fmt: skip
sets = st.lists(packages, unique_by=lambda each: each.name, max_size=4)


@given(sets, st.booleans())
def test_every_package_is_installed_once(chosen: list[LockedPackage], share: bool) -> None:  # noqa: FBT001
    locked = stage("a", *chosen)
    (locked,) = planned(replace(locked, stage=replace(locked.stage, share=share)))
    held = [each for layer in locked.layers for each in layer.packages]
    found = sorted((each.name, each.version) for each in [*held, *unlayered(locked)])
    assert found == sorted((each.name, each.version) for each in locked.packages)


SHARED = """\
# Generated by poetry-fti from fti/*/poetry.lock; do not edit. Update with: poetry fti export

torch==1 \\
    --hash=sha256:torch-1-linux/amd64 \\
    --hash=sha256:torch-1-linux/arm64
"""
OWN = """\
# Generated by poetry-fti from fti/b/poetry.lock; do not edit. Update with: poetry fti export b

small==1 \\
    --hash=sha256:small-1-linux/amd64
"""
BUILDER = """\
WORKDIR /build

FROM builder AS shared-torch

RUN --mount=type=cache,target=/opt/builder/.cache/uv \\
    --mount=type=bind,source=fti/b/requirements.shared-torch.txt,target=/tmp/requirements.txt \\
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


def test_a_layer_is_installed_and_copied_apart() -> None:
    (locked,) = planned(stage("b", TORCH, SMALL))
    found = dockerfile.files(locked)
    assert found["requirements.own.txt"] == OWN
    assert BUILDER in found["Dockerfile"]
    copies = [line for line in found["Dockerfile"].splitlines() if line.endswith("/layer /")]
    assert copies == [
        "COPY --link --from=shared-torch /layer /",
        "COPY --link --from=packages /layer /",
        "COPY --link --from=code /layer /",
    ]
    ignore = found["Dockerfile.dockerignore"]
    assert "fti/*\n!fti/b/requirements.own.txt\n!fti/b/requirements.shared-torch.txt\n" in ignore
