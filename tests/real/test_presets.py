"""Every preset locks, and its lock holds what it promises."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from harness import Poetry
from loopback.catalogue import Catalogue, load
from loopback.clients import isolated_environment
from loopback.index import Further, LoopbackIndex
from poetry_fti.bridge.toml_parser import tomllib
from poetry_fti.model.check import CHECKS
from small_index import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from small_index import Releases

pytestmark = pytest.mark.newest_only

# Packages that are not among the recorded ones, with those of their requirements that are.
STAND_INS: Releases = {
    "bentoml 1.4.40": [
        *("aiohttp", "attrs>=22.2.0", "click>=7.0", "cloudpickle>=2.0.0", "fsspec>=2025.7.0"),
        *(
            "httpx",
            "jinja2>=3.0.1",
            "numpy",
            "opentelemetry-sdk~=1.20",
            "prometheus-client>=0.10.0",
        ),
        *("pydantic<3", "pyyaml>=5.0", "starlette>=0.24.0", "uvicorn>=0.22.0", "watchfiles>=0.15"),
    ],
    "catboost 1.2.10": [
        *("graphviz", "matplotlib", "numpy<3.0,>=1.16.0", "pandas>=0.24", "plotly", "scipy", "six"),
    ],
    "graphviz 0.21": [],
    "mlserver 1.7.1": [
        *("python>=3.9,<3.13", "click", "grpcio>=1.67.1", "numpy", "opentelemetry-sdk<2.0.0"),
        *("pandas", "protobuf<7.0.0,>=5.27.2", "pydantic<3.0.0,>=2.7.1", "uvicorn"),
    ],
    "nvidia-cuda-nvcc-cu12 12.9.86": [],
    "plotly 7.1.0": ["narwhals>=1.15.1", "packaging"],
    "tensorflow-cpu 2.21.0": ["absl-py>=1.0.0", "keras>=3.12.0", "numpy>=1.26.0", "h5py<3.15.0"],
}
TORCH: Final = re.compile(r"https://download\.pytorch\.org/whl/(\w+)")
CUDA: Final = re.compile(r"(nvidia|cuda|triton)[-\w]*")

# preset, accelerator: some of what the lock has to hold, and whether there is CUDA in it
PRESETS: Final = {
    ("feature-python", ""): ("great-expectations pandas polars", False),
    ("feature-spark", ""): ("numpy pandas pyspark", False),
    ("training-tabular", ""): ("catboost mlflow scikit-learn xgboost", False),
    ("training-tensorflow", ""): ("keras tensorflow tensorboard", True),
    ("training-tensorflow", "cpu"): ("keras tensorflow-cpu tensorboard", False),
    ("training-torch", ""): ("lightning mlflow torch torchvision", True),
    ("training-torch", "cpu"): ("lightning mlflow torch torchvision", False),
    ("training-torch", "cu130"): ("lightning mlflow torch torchvision", True),
    ("inference-minimal", ""): ("fastapi onnxruntime uvicorn", False),
    ("inference-bentoml", ""): ("bentoml starlette uvicorn", False),
    ("inference-fastapi", ""): ("fastapi prometheus-client uvicorn uvloop", False),
    ("inference-flask", ""): ("flask gunicorn prometheus-client", False),
    ("inference-mlserver", ""): ("grpcio mlserver uvicorn uvloop", False),
    ("inference-tabular", ""): ("catboost fastapi uvicorn uvloop xgboost", False),
    ("inference-tensorflow", ""): ("fastapi keras tensorflow-cpu uvicorn", False),
    ("inference-torch", ""): ("fastapi torch torchvision uvicorn", False),
}
# preset, accelerator: which of torch's own indexes it comes from
TORCH_INDEXES: Final = {
    ("training-torch", "cpu"): "cpu",
    ("training-torch", "cu130"): "cu130",
    ("inference-torch", ""): "cpu",
}


@pytest.fixture(scope="module")
def index() -> Iterator[LoopbackIndex]:
    """The recorded packages, and torch's own indexes with builds for CPUs and for CUDA."""
    recorded = load() | catalogue(STAND_INS)
    torch = recorded.only(["torch", "torchvision"])
    further = {"cuda": Further(torch), "cpu": Further(without_cuda(torch))}
    with LoopbackIndex(recorded, further=further) as running:
        yield running


def without_cuda(packages: Catalogue) -> Catalogue:
    return Catalogue(
        {
            name: tuple(
                replace(
                    release,
                    metadata=tuple(
                        (header, value)
                        for header, value in release.metadata
                        if not (header == "Requires-Dist" and CUDA.match(value))
                    ),
                )
                for release in releases
            )
            for name, releases in packages.projects.items()
        }
    )


@pytest.fixture(scope="module")
def poetry(tmp_path_factory: pytest.TempPathFactory, index: LoopbackIndex) -> Poetry:
    return Poetry(isolated_environment(tmp_path_factory.mktemp("home"), index.url), processes=1)


@pytest.mark.parametrize("accelerator", sorted({accelerator for _, accelerator in PRESETS}))
def test_presets_lock(
    accelerator: str, tmp_path: Path, poetry: Poetry, index: LoopbackIndex
) -> None:
    root = tmp_path / "demo"
    root.mkdir()
    presets = [preset for preset, its_accelerator in PRESETS if its_accelerator == accelerator]
    stages = [f"--stage={preset}={preset}" for preset in presets]
    choice = ["--accelerator", accelerator] if accelerator else []
    init = ["fti", "init", "--no-interaction", *stages, *choice]
    poetry.ok(root, *init, "--python", ">=3.11")
    path = root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(TORCH.sub(lambda url: _indexes(index)[url[1]], text), encoding="utf-8")
    poetry.ok(root, "fti", "lock", "--no-align")
    for preset in presets:
        lock = tomllib.loads((root / f"fti/{preset}/poetry.lock").read_text(encoding="utf-8"))
        packages = {package["name"]: package for package in lock["package"]}
        expected, has_cuda = PRESETS[preset, accelerator]
        assert set(expected.split()) <= packages.keys()
        assert any(CUDA.fullmatch(name) for name in packages) == has_cuda
        source = packages.get("torch", {}).get("source", {}).get("url")
        name = TORCH_INDEXES.get((preset, accelerator))
        assert source == (_indexes(index)[name].rstrip("/") if name else None)
    # Nothing is wrong with what the presets have chosen. The end of life depends on the date, and
    # the presets of a project of one's own are not as different from each other.
    skipped = ("--skip", "python-end-of-life", "--skip", "skew")
    output = poetry.ok(root, "fti", "check", *skipped)
    assert output == f"{len(CHECKS) - 2} checks run: nothing found.\n"


def _indexes(index: LoopbackIndex) -> Mapping[str, str]:
    """Return the URLs of the indexes that stand for torch's own."""
    return {
        "cpu": f"{index.url}cpu/simple/",
        "cu130": f"{index.url}cuda/simple/",
    }
