"""The distributions that contain imported modules."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Only those that occur in models, and whose distribution has another name.
_BY_MODULE: Final[Mapping[str, str]] = {
    "PIL": "pillow",
    "cuml": "cuml-cu12",
    "cv2": "opencv-python",
    "imblearn": "imbalanced-learn",
    "pytorch_lightning": "pytorch-lightning",
    "pywt": "pywavelets",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "sklearn_pandas": "sklearn-pandas",
    "sklearnex": "scikit-learn-intelex",
    "skopt": "scikit-optimize",
    "sksurv": "scikit-survival",
    "umap": "umap-learn",
    "yaml": "pyyaml",
}
# `__builtin__` and `copy_reg` are names of Python 2, which protocols 0 to 2 use.
_OF_PYTHON: Final = {*sys.stdlib_module_names, "__main__", "__builtin__", "copy_reg"}


def distributions(modules: Iterable[str]) -> tuple[str, ...]:
    """Return the sorted names of the distributions that contain modules, without Python's own.

    A module that is not known to be named otherwise counts as one of the distribution of its name.
    """
    tops = {module.partition(".")[0] for module in modules} - _OF_PYTHON
    return tuple(sorted({canonicalize_name(_BY_MODULE.get(top, top)) for top in tops if top}))
