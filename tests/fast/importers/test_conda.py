"""environment.yml and lists of conda packages as stages."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import examples
from imported_files import imported, requirements
from poetry_fti.errors import FtiError
from poetry_fti.importers.conda.names import distribution
from poetry_fti.importers.conda.specs import SpecError, parsed_spec
from poetry_fti.importers.shared.python import python_specifiers
from poetry_fti.model.platforms import Platform


@pytest.mark.slow_after(8)
@pytest.mark.parametrize(
    ("spec", "name", "versions"),
    [
        ("numpy", "numpy", ""),
        ("numpy=1.26", "numpy", "==1.26.*"),
        ("numpy=1.26.*", "numpy", "==1.26.*"),
        ("numpy=1.26.4", "numpy", "==1.26.4"),
        ("numpy==1.26", "numpy", "==1.26"),
        ("numpy 1.26", "numpy", "==1.26.*"),
        ("numpy 1.26.4 py311h64a7726_0", "numpy", "==1.26.4"),
        ("numpy=1.26=py311h64a7726_0", "numpy", "==1.26"),
        ("numpy=1.26=*", "numpy", "==1.26.*"),
        ("numpy >=1.26,<2", "numpy", "<2,>=1.26"),
        ("numpy>=1.26, !=1.26.1", "numpy", "!=1.26.1,>=1.26"),
        ("numpy !=1.5.*", "numpy", "!=1.5.*"),
        ("numpy~=1.26.0", "numpy", "~=1.26.0"),
        ("conda-forge::numpy=2", "numpy", "==2.*"),
        ("conda-forge/linux-64::numpy=2", "numpy", "==2.*"),
        ("numpy[version='>=1.26,<2',build=py311*]", "numpy", "<2,>=1.26"),
        ("Numpy  # [linux]", "numpy", ""),
        ("black=19.10b0", "black", "==19.10b0"),
        ("numpy 1.8|1.9", "numpy", None),
        ("openssl=1.1.1w", "openssl", None),
        ("pymongo[srv]==4.2.0", "pymongo", "==4.2.0"),
    ],
)
def test_match_specifications(spec: str, name: str, versions: str | None) -> None:
    found = parsed_spec(spec)
    assert (found.name, found.versions) == (name, versions)


def test_extras_and_builds() -> None:
    assert parsed_spec("pymongo[srv,aws]==4.2.0").extras == ("aws", "srv")
    assert parsed_spec("lib=1.0=pypi_0").is_from_pypi
    assert parsed_spec("brotli=1.0.9=h166bdaf_9").is_native
    assert not parsed_spec("pytorch=2.1.0=py3.11_cuda11.8_cudnn8.7.0_0").is_native
    assert not parsed_spec("click=8.1.6=unix_pyh707e725_0").is_native
    with pytest.raises(SpecError):
        parsed_spec("-e .")


def test_names_on_pypi() -> None:
    names = {
        "pytorch": "torch",
        "msgpack-python": "msgpack",
        "ruamel.yaml": "ruamel-yaml",
        "matplotlib-base": "matplotlib",
        "python-graphviz": "graphviz",
        "numpy": "numpy",
        "cudatoolkit": None,
        "libgcc-ng": None,
        "librosa": "librosa",
        "_openmp_mutex": None,
        "r-ggplot2": None,
        "pytables": "tables",
        "pyg": "torch-geometric",
        "lmdb": None,
        "python-lmdb": "lmdb",
        "mysql-connector-python": "mysql-connector-python",
        "mysql-libs": None,
        "tmux": None,
    }
    assert {conda: distribution(conda) for conda in names} == names


def test_an_environment() -> None:
    stage = imported(
        "environment.yml",
        {
            "environment.yml": """\
name: train
channels: [pytorch, conda-forge]
platforms: [linux-64, osx-arm64]
dependencies:
  - python=3.11.4
  - pytorch::pytorch=2.1.0
  - pandas>=2,<3
  - cudatoolkit=11.8
  - openjdk
  - scikit-learn
  - weird 1|2
  - pip
  - pip:
      - --extra-index-url https://pypi.example.org/simple
      - mlflow==2.9.2
      - scikit-learn==1.3.2
      - -r more.txt
variables:
  OMP_NUM_THREADS: 4
prefix: /opt/conda/envs/train
""",
            "more.txt": "boto3\n",
        },
    )
    assert requirements(stage) == [
        "torch==2.1.0",
        "pandas<3,>=2",
        "weird",
        "mlflow==2.9.2",
        "scikit-learn==1.3.2",
        "boto3",
    ]
    assert dict(stage.versions) == {
        "torch": "2.1.0",
        "mlflow": "2.9.2",
        "scikit-learn": "1.3.2",
    }
    assert stage.python == ">=3.11,<3.12"
    assert stage.platforms == (Platform("linux", "amd64"), Platform("macos", "arm64"))
    assert stage.env == (("OMP_NUM_THREADS", "4"),)
    assert [each.url for each in stage.indexes] == ["https://pypi.example.org/simple"]
    assert stage.notes == (
        "environment.yml: packages come from PyPI, not from these channels: pytorch.",
        (
            "environment.yml: PyPI does not have these conda packages: cudatoolkit and openjdk."
            " Install those that the stage needs in its image, for example with the key `apt`."
        ),
        ('environment.yml: the versions of "weird 1|2" have no counterpart, and were left out.'),
    )


@pytest.mark.parametrize(
    ("dependencies", "is_listing"),
    [
        ("[numpy=1.26.4=py311h64a7726_0, tk=8.6=noxft_h48, pip: [six]]", True),
        ("[numpy=1.26.4=py311h64a7726_0, pandas>=2]", False),
        ("[blas=*=*mkl]", False),
        ("[pip: [six]]", False),
    ],
)
def test_only_a_list_of_builds_lists_what_packages_require(
    dependencies: str, *, is_listing: bool
) -> None:
    notes = imported("environment.yml", f"dependencies: {dependencies}\n").notes
    note = (
        "environment.yml lists every package of an environment, also those that others require."
        " Remove what the code does not import from the stage's group."
    )
    assert (note in notes) == is_listing


def test_a_list_of_packages() -> None:
    stage = imported(
        "requirements.txt",
        """\
# This file may be used to create an environment using:
# $ conda create --name <env> --file <this file>
# platform: linux-64
_libgcc_mutex=0.1=main
attrs=23.1.0=py311h06a4308_0
brotli=1.0.9=h166bdaf_9
opencv=4.8.0=py311_0
my_lib=1.0=pypi_0
python=3.11.5=h955ad1f_0
""",
    )
    assert requirements(stage) == ["attrs==23.1.0", "opencv-python==4.8.0", "my-lib==1.0"]
    assert stage.python == ">=3.11,<3.12"
    assert stage.notes[1].startswith("requirements.txt lists every package of an environment")


@pytest.mark.parametrize(
    ("versions", "python"),
    [
        ("", ""),
        ("==3.*", ">=3.0,<4.0"),
        ("==3.11.*", ">=3.11,<3.12"),
        ("==3.11.4", ">=3.11,<3.12"),
        (">=3.9,<3.13", ">=3.9,<3.13"),
        ("!=3.9.1,>3.8", ">3.8,!=3.9.1"),
    ],
)
def test_versions_of_python(versions: str, python: str) -> None:
    assert python_specifiers(versions) == python


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "environment.yml cannot be read: its YAML is not a single mapping."),
        ("a: [\n", "environment.yml cannot be read: it is not valid YAML."),
        ("name: x\n", "environment.yml has no list of `dependencies`."),
        (
            "metadata: {}\npackage: [{name: numpy}]\n",
            (
                "environment.yml is a lock of conda-lock, which cannot be imported. Import the"
                " environment.yml that it was made from."
            ),
        ),
        (
            "dependencies: [numpy, [scipy]]\n",
            "environment.yml: a list in `dependencies` is not a package of conda.",
        ),
        (
            "dependencies: [pipp: [scipy]]\n",
            'environment.yml: `dependencies` has the key "pipp", not `pip`.',
        ),
        (
            "dependencies: [pip: scipy]\n",
            "environment.yml: `pip` in `dependencies` is not a list of requirements.",
        ),
        ("dependencies: [-e .]\n", 'environment.yml: "-e ." is not a package of conda.'),
        (
            "dependencies: [pip: ['a b']]\n",
            'environment.yml, pip section, line 1: "a b" is not a requirement (PEP 508).',
        ),
        (
            "dependencies: [pip: [-r environment.yml]]\n",
            "environment.yml, pip section, line 1: environment.yml includes itself.",
        ),
    ],
)
def test_errors(text: str, message: str) -> None:
    with pytest.raises(FtiError) as error:
        imported("environment.yml", text)
    assert str(error.value) == message


def test_a_list_of_urls_is_refused() -> None:
    with pytest.raises(FtiError, match="lists URLs of conda packages"):
        imported("spec.txt", "# platform: linux-64\n@EXPLICIT\nhttps://e.org/a-1-py_0.conda#0\n")


SPECS = st.text("abz019.=<>!~*|,[]()' \"#:/_-", max_size=20)


@pytest.mark.slow
@settings(max_examples=examples(180))
@given(st.lists(st.one_of(SPECS, st.text(max_size=10)), max_size=5), st.text())
def test_any_environment_is_read_or_refused(specs: list[str], text: str) -> None:
    with suppress(FtiError):
        imported("environment.yml", text)
    quoted = ", ".join("'" + spec.replace("'", "''") + "'" for spec in specs)
    with suppress(FtiError):
        imported("environment.yml", f"dependencies: [{quoted}]\n".encode(errors="ignore"))


def test_pytorch_for_cpus() -> None:
    stage = imported("environment.yml", "dependencies: [pytorch, cpuonly]\n")
    assert requirements(stage) == ["torch"]
    assert stage.notes[1] == (
        "environment.yml: PyTorch for Linux on PyPI contains CUDA. For `cpuonly`, add the source"
        " https://download.pytorch.org/whl/cpu to torch."
    )


def test_a_list_without_its_header() -> None:
    text = "numpy=1.26.4=py310h1_0\nlibblas=3.9.0=20_openblas\npytorch=2.1.0=py3.10_cuda11\n"
    assert requirements(imported("requirements.txt", text)) == ["numpy==1.26.4", "torch==2.1.0"]
    with pytest.raises(FtiError, match='"numpy=1" is not a requirement'):
        imported("requirements.txt", "scipy\nnumpy=1\n")


def test_a_metapackage_of_conda_without_python_code() -> None:
    text = "dependencies: [tensorflow-gpu=2.4.1=h30adc30_0, blas=1.0=mkl]\n"
    assert requirements(imported("environment.yml", text)) == ["tensorflow==2.4.1"]
