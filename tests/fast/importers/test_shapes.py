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
}


@pytest.mark.parametrize("shape", REQUIREMENTS)
def test_requirements(shape: str) -> None:
    text, expected = REQUIREMENTS[shape]
    assert requirements(imported("requirements.txt", text)) == expected


@pytest.mark.parametrize("shape", ENVIRONMENTS)
def test_environments(shape: str) -> None:
    text, expected = ENVIRONMENTS[shape]
    assert requirements(imported("environment.yml", text)) == expected
