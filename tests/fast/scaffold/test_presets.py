"""Presets: what they say, and every problem of one at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import tomlkit
from packaging.requirements import Requirement

from poetry_fti.errors import ConfigError
from poetry_fti.scaffold.preset_library import packaged
from poetry_fti.scaffold.presets import PresetPackages, PresetSource, read_preset

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.scaffold.presets import Preset

# Packages whose classes are in saved models.
MODEL_LIBRARIES = {
    *("catboost", "keras", "pandas", "scikit-learn", "tensorflow-cpu"),
    *("torch", "torchvision", "xgboost"),
}
TRAINING = """\
description = "Ours"
kind = "training"
requirements = ["pandas>=2"]

[accelerators.cuda]
requirements = ["torch"]
[accelerators.cpu]
requirements = ["torch"]
[[accelerators.cpu.sources]]
name = "cpu"
url = "https://example.org"
packages = ["torch"]
"""


@pytest.mark.slow
def test_the_presets_that_come_along_are_all_right() -> None:
    assert [(preset.name, *preset.accelerators) for preset in packaged()] == [
        ("feature-python",),
        ("feature-spark",),
        ("training-tabular",),
        ("training-tensorflow", "cuda", "cpu"),
        ("training-torch", "cuda", "cpu", "cu126", "cu128", "cu130"),
        ("inference-minimal",),
        ("inference-bentoml",),
        ("inference-fastapi",),
        ("inference-flask",),
        ("inference-mlserver",),
        ("inference-tabular",),
        ("inference-tensorflow",),
        ("inference-torch",),
    ]
    assert all(preset.name.startswith(preset.kind) and preset.description for preset in packaged())


@pytest.fixture(scope="module")
def presets() -> Mapping[str, Preset]:
    return {preset.name: preset for preset in packaged()}


def test_inference_presets_expose_the_port_that_they_serve_on(
    presets: Mapping[str, Preset],
) -> None:
    for preset in presets.values():
        image = preset.stage.get("image", {})
        command = " ".join(image.get("command", []))
        ports = [int(port) for port in re.findall(r"(?:--port |0:)(\d+)", command)]
        if preset.name == "inference-mlserver":
            ports = [8080, 8081, 8082]  # the defaults of MLServer
        assert image.get("expose", []) == ports, preset.name
        assert bool(ports) == (preset.kind == "inference"), preset.name


def test_each_training_preset_has_one_that_loads_its_models(
    presets: Mapping[str, Preset],
) -> None:
    for preset in presets.values():
        if preset.kind == "training":
            serving = presets[preset.name.replace("training", "inference")]
            accelerator = "cpu" if preset.accelerators else None
            trained = required(preset, accelerator) & MODEL_LIBRARIES
            assert trained, preset.name
            assert trained - required(serving, None) == set(), preset.name


def required(preset: Preset, accelerator: str | None) -> set[str]:
    """Return the names of the packages that a preset requires."""
    return {Requirement(each).name for each in preset.chosen(accelerator).requirements}


def test_an_accelerator_adds_to_the_packages_and_the_first_is_the_usual_one() -> None:
    preset = read_preset("ours", tomlkit.parse(TRAINING).unwrap())
    assert preset.chosen(None) == PresetPackages(requirements=("pandas>=2", "torch"))
    assert preset.chosen("cpu") == PresetPackages(
        requirements=("pandas>=2", "torch"),
        sources=(PresetSource(name="cpu", url="https://example.org", packages=("torch",)),),
    )
    with pytest.raises(ConfigError) as error:
        preset.chosen("cud")
    assert str(error.value) == (
        'The preset ours has no accelerator "cud"; did you mean "cuda"? (known: cuda, cpu).'
    )


def test_a_preset_without_accelerators_is_the_same_for_all() -> None:
    preset = read_preset("ours", {"kind": "inference", "requirements": ["a"]})
    assert preset.chosen("cuda") == PresetPackages(requirements=("a",))


def test_a_source_of_a_package_that_is_not_required() -> None:
    text = TRAINING.replace('packages = ["torch"]', 'packages = ["Torch", "torhc", "Pandas"]')
    source = '[[sources]]\nname = "corp"\nurl = "https://e.org"\npackages = ["torch", "lib"]\n'
    with pytest.raises(ConfigError) as error:
        read_preset("ours", tomlkit.parse(text + source).unwrap())
    assert (
        str(error.value)
        == """\
The preset ours has 2 problems:
  sources[0].packages[1]: the preset does not require "lib"
  accelerators.cpu.sources[0].packages[1]: the preset does not require "torhc"; did you mean \
"torch"?"""
    )


def test_all_problems_are_told_at_once() -> None:
    text = """\
kinds = "training"
requirements = ["pandas >", "numpy"]
[[sources]]
name = 1
[accelerators.cpu]
sources = 2
[stage]
kind = "training"
platforms = ["linux/x86_64"]
image.comand = []
"""
    with pytest.raises(ConfigError) as error:
        read_preset("ours", tomlkit.parse(text).unwrap())
    assert (
        str(error.value)
        == """\
The preset ours has 10 problems:
  kinds: unknown key; did you mean "kind"?
  kind: is missing: one of feature, training, inference
  requirements[0]: "pandas >" is not a requirement such as "pandas>=2.2"
  sources[0].url: is missing
  sources[0].packages: is missing
  sources[0].name: must be a string, not an integer
  accelerators.cpu.sources: must be an array of tables, not an integer
  stage: must have neither `kind` nor `groups`: the preset sets both
  stage.platforms[0]: unknown "linux/x86_64"; did you mean "linux/amd64"? \
(known: linux/amd64, linux/arm64, linux/ppc64le, linux/s390x, linux/riscv64, \
macos/amd64, macos/arm64, windows/amd64, windows/arm64)
  stage.image.comand: unknown key; did you mean "command"?"""
    )
