"""Shapes of files in public projects: what is written where is real, the packages are ours.

They were found by searching public repositories for requirements.txt and environment.yml. Where a
repository was named, it is in a comment.
"""

from __future__ import annotations

from typing import Final

import pytest

from imported_files import imported, requirements

PYTORCH: Final = "https://download.pytorch.org/whl"
REQUIREMENTS: Final = {
    # github.com/Guilhermegoya22/otimizacao-portfolio
    "names only": (
        "streamlit\nPyPortfolioOpt\nyfinance\n",
        ["streamlit", "PyPortfolioOpt", "yfinance"],
    ),
    # github.com/Guilhermebarbosamaia/FleetSync
    "sections with comments": (
        "# Core\nfastapi==0.115.0\nuvicorn[standard]==0.30.6\n\n# Tests\npytest==8.3.3\n",
        ["fastapi==0.115.0", "uvicorn[standard]==0.30.6", "pytest==8.3.3"],
    ),
    "blanks around the operator": (
        "torch == 1.11.0\nnumpy  >= 1.20 , < 2\n",
        ["torch==1.11.0", "numpy<2,>=1.20"],
    ),
    # github.com/Guilhermebarbosamaia/FleetSync
    "several extras": (
        "testcontainers[postgres,redis]==4.8.1\n",
        ["testcontainers[postgres,redis]==4.8.1"],
    ),
    "a build of PyTorch": (
        f"--extra-index-url {PYTORCH}/cu118\n\ntorch==2.1.0+cu118\ntransformers>=4.32.0\n",
        ["torch==2.1.0+cu118 from pytorch-cu118", "transformers>=4.32.0"],
    ),
    "only PyTorch's index": (
        f"# ----\n# TORCH\n# ----\n\n--index-url {PYTORCH}/cu121\ntorch\ntorchvision\n",
        ["torch from pytorch-cu121", "torchvision from pytorch-cu121"],
    ),
    "an index on the line of a requirement": (
        f"torch==2.1.2 --index-url {PYTORCH}/cu118\nscipy\n",
        ["torch==2.1.2", "scipy"],
    ),
    "a page of wheels for PyTorch": (
        f"--find-links {PYTORCH}/cu118/torch_stable.html\ntorch==2.0.1+cu118\n",
        ["torch==2.0.1+cu118 from download-pytorch-org-whl-cu118-torch-stable-html"],
    ),
    "pages of other projects": (
        (
            f"--extra-index-url {PYTORCH}/cu118\ntorch==2.1.1+cu118\n\n"
            "--find-links https://data.pyg.org/whl/torch-2.1.0+cu118.html\n"
            "torch_scatter==2.1.2+pt21cu118\n"
        ),
        [
            "torch==2.1.1+cu118 from pytorch-cu118",
            "torch_scatter==2.1.2+pt21cu118 from data-pyg-org-whl-torch-2-1-0-cu118-html",
        ],
    ),
    "comments in another script": ("# 例\nasteroid==0.7.0   # 固定\n", ["asteroid==0.7.0"]),
    "an archive with a name": (
        "attacks @ https://github.com/o/attacks/archive/refs/tags/v3.4.1.zip\n",
        ["attacks @ https://github.com/o/attacks/archive/refs/tags/v3.4.1.zip"],
    ),
    "a repository with a name in the fragment": (
        "git+https://github.com/o/clip.git@main#egg=clip\n",
        ["clip @ git+https://github.com/o/clip.git@main"],
    ),
    "a repository in editable mode": (
        "-e git+https://github.com/o/repo.git@0123456789abcdef#egg=repo\n",
        ["repo @ git+https://github.com/o/repo.git@0123456789abcdef"],
    ),
    "compatible releases and exclusions": (
        "lib~=1.4.2\nother!=2.0,>=1\n",
        ["lib~=1.4.2", "other!=2.0,>=1"],
    ),
    "markers for systems": (
        'pywin32==306; platform_system == "Windows"\nuvloop>=0.19; sys_platform != "win32"\n',
        ['pywin32==306 ; platform_system == "Windows"', 'uvloop>=0.19 ; sys_platform != "win32"'],
    ),
    "versions for each Python": (
        "numpy==1.24.4; python_version<'3.9'\nnumpy==1.26.4; python_version>='3.9'\n",
        ['numpy==1.24.4 ; python_version < "3.9"', 'numpy==1.26.4 ; python_version >= "3.9"'],
    ),
    "Windows line ends and a byte order mark": (
        "\ufeffnumpy==1.26.4\r\npandas\r\n",
        ["numpy==1.26.4", "pandas"],
    ),
    "the project itself": ("-e .\nrequests\n", ["requests"]),
    "no line end": ("requests", ["requests"]),
    "frozen by pip in an environment of conda": (
        (
            "numpy @ file:///home/conda/feedstock_root/build_artifacts/numpy_1657483955594/work\n"
            "six @ file:///tmp/build/80754af9/six_1644875935023/work\n"
            "tqdm @ file:///C:/b/abs_f76j9hg7pv/croot/tqdm_1679561871187/work\n"
            "scipy @ file:///croot/scipy_1/dist/scipy-1.11.4-cp311-cp311-linux_x86_64.whl#sha256=00\n"
        ),
        ["numpy", "six", "tqdm", "scipy==1.11.4"],
    ),
    "Python among the packages, and what Ubuntu's pip lists": (
        "python>=3.8\npkg-resources==0.0.0\nrequests==2.31.0\n",
        ["requests==2.31.0"],
    ),
    "nothing but comments": ("# see setup.py\n", []),
}
ENVIRONMENTS: Final = {
    # github.com/000alen/ProteinMPNN
    "channels on packages": (
        (
            "name: fold\nchannels:\n  - conda-forge\n  - pytorch\ndependencies:\n"
            "  - pytorch::pytorch\n  - conda-forge::cudatoolkit=11.3\n"
        ),
        ["torch"],
    ),
    # github.com/02rudgns-droid/wind-power-forecasting-course
    "minor versions": (
        "dependencies:\n  - python=3.11\n  - numpy=1.26\n  - pyarrow=17\n",
        ["numpy==1.26.*", "pyarrow==17.*"],
    ),
    # github.com/071204/wildfire-forecasting
    "patch versions and a pip section": (
        (
            "dependencies:\n  - black=19.10b0\n  - python=3.7.7\n  - pip=20.0.2\n"
            "  - pytorch=1.6.0\n  - pip:\n    - pytorch_lightning==0.9.0rc12\n"
        ),
        ["black==19.10b0", "torch==1.6.0", "pytorch_lightning==0.9.0rc12"],
    ),
    # github.com/01life/ViromeFlowX
    "an export with builds": (
        (
            "channels:\n  - bioconda\ndependencies:\n  - _libgcc_mutex=0.1=conda_forge\n"
            "  - aiohttp=3.8.5=py38h01eb140_0\n  - bedtools=2.30.0=h468198e_3\n"
            "  - r-base=4.2.3=ha7d60f8_0\n  - bz2file=0.98=py_0\nprefix: /home/me/envs/x\n"
        ),
        ["aiohttp==3.8.5", "bz2file==0.98"],
    ),
    "comments and a version as a range": (
        (
            "# Usage: conda env update -f environment.yml\nchannels:\n    - conda-forge\n\n"
            "dependencies:\n    - python==3.7.6\n    - numpy>=1.16.4\n\n    # For tests\n"
            "    - pillow<7.0.0\n    - pip:\n        - test-tube>=0.7.5\n"
        ),
        ["numpy>=1.16.4", "pillow<7.0.0", "test-tube>=0.7.5"],
    ),
    "no indentation": ("dependencies:\n- python\n- tqdm\n- pip:\n  - wandb\n", ["tqdm", "wandb"]),
    "an editable project in the pip section": (
        "dependencies:\n  - pip\n  - pip:\n    - -e .\n    - gsutil==4.52\n",
        ["gsutil==4.52"],
    ),
    # github.com/001DEEPANSHU/APS-Fault-Detection
    "extras among the packages of conda": (
        "dependencies:\n  - python>3.7\n  - pymongo[srv]==4.2.0\n  - pyYAML\n",
        ["pymongo[srv]==4.2.0", "pyyaml"],
    ),
    "the environment of a model": (
        (
            "channels:\n- conda-forge\ndependencies:\n- python=3.10.12\n- pip<=23.2.1\n- pip:\n"
            "  - mlflow==2.9.2\n  - scikit-learn==1.3.2\nname: mlflow-env\n"
        ),
        ["mlflow==2.9.2", "scikit-learn==1.3.2"],
    ),
    "GPU packages": (
        (
            "dependencies:\n  - pytorch-cuda=12.1\n  - pytorch::torchvision=0.14.1\n"
            "  - lightning=2.0.0\n  - mlflow>=2\n"
        ),
        ["torchvision==0.14.1", "lightning==2.0.0", "mlflow>=2"],
    ),
    "channels with labels": (
        (
            "name: RF2\nchannels:\n- pytorch\n- nvidia\n- defaults\ndependencies:\n"
            "- python=3.10\n- pip\n- cudatoolkit=11.8\n- pytorch=2.1.1\n"
            "- dglteam/label/cu117::dgl\n- pyg::pyg\n- pandas=2.2.0\n"
        ),
        ["torch==2.1.1", "dgl", "torch-geometric", "pandas==2.2.0"],
    ),
    # github.com/iis-esslingen/GO-SLAM
    "most of it in comments": (
        (
            "dependencies:\n  - python=3.9\n  - pytorch\n  - torchvision\n#   - torchaudio\n"
            "  - pytorch-cuda=12.1\n  # - _libgcc_mutex\n  # - brotlipy\n  - matplotlib\n"
            "  # - mkl\n  - ninja\n"
        ),
        ["torch", "torchvision", "matplotlib", "ninja"],
    ),
    "an export of Windows": (
        (
            "name: wood\nchannels:\n  - defaults\ndependencies:\n"
            "  - ca-certificates=2022.07.19=haa95532_0\n  - python=3.10.4=hbb2ffb3_0\n"
            "  - scipy=1.7.3=py310h6d2d95c_2\n  - setuptools=63.4.1=py310haa95532_0\n"
            "  - six=1.16.0=pyhd3eb1b0_1\n  - sqlite=3.39.2=h2bbff1b_0\n"
            "  - threadpoolctl=2.2.0=pyh0d69192_0\n  - tk=8.6.12=h2bbff1b_0\n"
            "  - tzdata=2022a=hda174b7_0\n  - vc=14.2=h21ff451_1\n"
            "  - vs2015_runtime=14.27.29016=h5e58377_2\n  - wincertstore=0.2=py310haa95532_2\n"
            "  - zlib=1.2.12=h8cc25b3_2\n  - pip:\n    - cython==0.29.20\n"
            "    - opencv-python==4.6.0.66\nprefix: C:\\Users\\USER\\.conda\\envs\\wood\n"
        ),
        [
            *("scipy==1.7.3", "six==1.16.0", "threadpoolctl==2.2.0", "wincertstore==0.2"),
            *("cython==0.29.20", "opencv-python==4.6.0.66"),
        ],
    ),
    # github.com/mlflow/mlflow, examples/pytorch/HPOExample
    "a list that is not indented": (
        (
            "channels:\n  - conda-forge\ndependencies:\n  - python=3.10\n  - pip\n  - pip:\n"
            "      - mlflow\n      - torch>=2.1\n      - torchvision>=0.15.1\n"
        ),
        ["mlflow", "torch>=2.1", "torchvision>=0.15.1"],
    ),
    "flow lists, and a marker with a comment": (
        (
            "name: mlflow-baseline\nchannels: [defaults, conda-forge]\ndependencies:\n"
            "  - python=3.10\n  - pip\n  - scikit-learn\n  - pip:\n      - mlflow\n"
            "      - torch==2.2.2; platform_system != 'Windows'  # for the seed\n"
        ),
        ["scikit-learn", "mlflow", 'torch==2.2.2 ; platform_system != "Windows"'],
    ),
    # github.com/garywei944/eden
    "lower bounds in sections": (
        (
            "# Use `mamba env create -f environment.yml`\n\nname: eden\nchannels:\n"
            "  - conda-forge\ndependencies:\n  - python>=3.11\n  - pip>=24.0\n  - cython\n\n"
            "  # essential functionality\n  - absl-py\n  - ruamel.yaml\n  - toml\n"
        ),
        ["cython", "absl-py", "ruamel-yaml", "toml"],
    ),
    "old versions with one and two equals signs": (
        (
            "dependencies:\n  - tensorflow=1.15\n  - keras=2.2\n  - pip\n  - numpy==1.21\n"
            "  - h5py==2.10.0\n"
        ),
        ["tensorflow==1.15.*", "keras==2.2.*", "numpy==1.21", "h5py==2.10.0"],
    ),
    # github.com/ChengmingZhang-CAS/CauTrigger
    "a pip section after an empty line": (
        (
            "channels:\n  - pytorch\n  - nvidia\n\ndependencies:\n  - python=3.10\n"
            "  - pytorch=2.3.0\n  - scvi-tools>=1.1\n  # notebook\n  - ipykernel\n\n"
            "  - pip:\n      - captum\n"
        ),
        ["torch==2.3.0", "scvi-tools>=1.1", "ipykernel", "captum"],
    ),
    "the environment of a deployment of Azure Machine Learning": (
        (
            "name: taxi-online-env\nchannels:\n  - conda-forge\ndependencies:\n  - python=3.11\n"
            "  - pip=25.0\n  - pip:\n      - mlflow==2.9.2\n      - numpy==1.26.4\n"
            "      - pandas>=1.3.0\n      - azure-identity==1.19.0\n"
        ),
        ["mlflow==2.9.2", "numpy==1.26.4", "pandas>=1.3.0", "azure-identity==1.19.0"],
    ),
    "packages of conda and pip with the same name": (
        (
            "dependencies:\n  - python=3.10\n  - pytorch\n  - pytorch-cuda=11.8\n  - numpy\n"
            "  - scipy\n  - pip:\n      - transformers>=4.35\n      - torch\n"
        ),
        ["numpy", "scipy", "transformers>=4.35", "torch"],
    ),
}


def test_there_are_at_least_twenty_of_each() -> None:
    assert min(len(REQUIREMENTS), len(ENVIRONMENTS)) >= 20


@pytest.mark.slow_after(6)
@pytest.mark.parametrize("shape", REQUIREMENTS)
def test_requirements(shape: str) -> None:
    text, expected = REQUIREMENTS[shape]
    assert requirements(imported("requirements.txt", text)) == expected


@pytest.mark.slow_after(4)
@pytest.mark.parametrize("shape", ENVIRONMENTS)
def test_environments(shape: str) -> None:
    text, expected = ENVIRONMENTS[shape]
    assert requirements(imported("environment.yml", text)) == expected
