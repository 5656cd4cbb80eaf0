"""Suggestions for names of packages that no lock contains, also for names that are imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# Modules that are named unlike their distributions, as the wheels of these contain them; only those
# that are common in ML projects. Lists of more, such as that of pipreqs, name many distributions
# that have been abandoned or renamed, and come with a large package.
_DISTRIBUTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "attr": ("attrs",),
    "bs4": ("beautifulsoup4",),
    "bson": ("pymongo",),
    "crypto": ("pycryptodome",),
    "cupy": ("cupy-cuda12x", "cupy-cuda13x"),
    "cv2": (
        "opencv-python",
        "opencv-python-headless",
        "opencv-contrib-python",
        "opencv-contrib-python-headless",
    ),
    "dateutil": ("python-dateutil",),
    "decouple": ("python-decouple",),
    "discord": ("discord-py",),
    "dns": ("dnspython",),
    "docx": ("python-docx",),
    "dotenv": ("python-dotenv",),
    "faiss": ("faiss-cpu", "faiss-gpu-cu12"),
    "fitz": ("pymupdf",),
    "git": ("gitpython",),
    "github": ("pygithub",),
    "hydra": ("hydra-core",),
    "imblearn": ("imbalanced-learn",),
    "jose": ("python-jose",),
    "jwt": ("pyjwt",),
    "kafka": ("kafka-python", "kafka-python-ng"),
    "llama-cpp": ("llama-cpp-python",),
    "mysqldb": ("mysqlclient",),
    "onnxruntime": ("onnxruntime-gpu",),
    "opengl": ("pyopengl",),
    "openssl": ("pyopenssl",),
    "pil": ("pillow",),
    "pkg-resources": ("setuptools",),
    "pptx": ("python-pptx",),
    "psycopg2": ("psycopg2-binary",),
    "pywt": ("pywavelets",),
    "ruamel": ("ruamel-yaml",),
    "serial": ("pyserial",),
    "skimage": ("scikit-image",),
    "sklearn": ("scikit-learn",),
    "sklearnex": ("scikit-learn-intelex",),
    "skopt": ("scikit-optimize",),
    "sksurv": ("scikit-survival",),
    "slugify": ("python-slugify",),
    "socks": ("pysocks",),
    "talib": ("ta-lib",),
    "tensorflow": ("tensorflow-cpu", "tensorflow-gpu", "tensorflow-macos"),
    "umap": ("umap-learn",),
    "websocket": ("websocket-client",),
    "xdist": ("pytest-xdist",),
    "yaml": ("pyyaml",),
    "zmq": ("pyzmq",),
}


def package_suggestion(name: str, known: Collection[str]) -> str:
    """Return `; did you mean "…"?` for a normalized name that is none of the known packages.

    For the name of a module it is the distribution that contains the module, if possible a known
    one. The text is empty if no name is similar.
    """
    modules = _DISTRIBUTIONS.get(name, ())
    likely = [each for each in modules if each in known]
    if likely or not (similar := suggestion(name, known)):
        likely += modules
    return f'; did you mean "{likely[0]}"?' if likely else similar
