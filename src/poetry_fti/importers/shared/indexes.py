"""Package indexes of imported files, with names for `[[tool.poetry.source]]`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from poetry_fti.model.imported import ImportedIndex
from poetry_fti.urls import has_login, public_url, secret_parameter
from poetry_fti.wording import in_one_line, in_quotes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from poetry_fti.model.imported import ImportedRequirement, IndexPriority

_PYTORCH: Final = re.compile(r"https?://download\.pytorch\.org/whl(?:/(?P<build>[\w-]+))?/?")
_PYTORCH_PACKAGES: Final = frozenset({"torch", "torchvision", "torchaudio", "torchtext"})
_NO_WORD: Final = re.compile(r"[^A-Za-z0-9]+")


def is_pytorch(url: str) -> bool:
    """Return whether a URL is an index of PyTorch, which has little besides PyTorch itself."""
    return _PYTORCH.fullmatch(public_url(url)) is not None


def index_of(url: str, priority: IndexPriority, name: str = "") -> ImportedIndex:
    """Return an index without the credentials in its URL, named after its host by default.

    The indexes of PyTorch can only be explicit sources.
    """
    public = public_url(url)
    if secret_parameter(public):
        public = public.partition("?")[0]
    return ImportedIndex(
        name=name or _name(public),
        url=public,
        priority="explicit" if is_pytorch(public) and priority != "primary" else priority,
        has_login=has_login(url) or "${" in url or public != public_url(url),
    )


def _name(url: str) -> str:
    if found := _PYTORCH.fullmatch(url):
        return f"pytorch-{found['build']}" if found["build"] else "pytorch"
    parts = urlsplit(url)
    words = [parts.hostname or "", *parts.path.split("/")]
    usual = {"", "simple", "pypi", "index.html"}
    kept = [word for word in words if word not in usual]
    return _NO_WORD.sub("-", "-".join(kept)).strip("-").lower() or "index"


def unverified_note(where: str, name: str) -> str:
    """Return the sentence on an index whose certificate is not to be verified."""
    return (
        f"{where}: the certificate of the source {in_quotes(name)} will be verified. Set `poetry"
        f" config certificates.{in_one_line(name)}.cert false` if it cannot be."
    )


def named_apart(indexes: Iterable[ImportedIndex]) -> list[ImportedIndex]:
    """Return indexes of which those with the same name got a number."""
    found: dict[str, ImportedIndex] = {}
    for each in indexes:
        name, number = each.name, 2
        while name in found:
            name, number = f"{each.name}-{number}", number + 1
        found[name] = replace(each, name=name)
    return list(found.values())


def with_indexes(
    requirements: Iterable[ImportedRequirement], indexes: Sequence[ImportedIndex]
) -> Iterator[ImportedRequirement]:
    """Yield requirements with the index that they must come from.

    PyTorch's own packages come from its index. Pinned versions with a local label, such as
    `2.1.0+cu118`, are not on PyPI, so that they come from the only other index.
    """
    pytorch = [each for each in indexes if is_pytorch(each.url)]
    others = [each for each in indexes if each not in pytorch and each.url]
    for each in requirements:
        label = each.pin.local if each.pin else None
        if each.has_place:
            yield each
        elif pytorch and each.normalized in _PYTORCH_PACKAGES:
            built = [index for index in pytorch if label and index.url.rstrip("/").endswith(label)]
            yield replace(each, index=(built or pytorch)[0].name)
        elif label and len(others) == 1:
            yield replace(each, index=others[0].name)
        else:
            yield each
