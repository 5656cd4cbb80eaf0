"""Options that apply to a whole requirements file: its indexes, and those without a counterpart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.importers.shared.indexes import index_of, is_pytorch, named_apart
from poetry_fti.importers.shared.quoting import quoted
from poetry_fti.model.imported import ImportedIndex
from poetry_fti.urls import is_pypi, public_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_fti.importers.requirements.entries import Entry

_ADVICE: Final[Mapping[str, str]] = {
    "no_binary": "`--no-binary {}` was left out. Set it with `poetry config installer.no-binary`.",
    "only_binary": (
        "`--only-binary {}` was left out. Set it with `poetry config installer.only-binary`."
    ),
    "pre": (
        "`--pre` was left out. Add `allow-prereleases = true` to the packages that need it, or a"
        " lower bound that is a pre-release."
    ),
    "all_releases": "`--all-releases {}` was left out. Add a lower bound that is a pre-release.",
    "trusted_hosts": (
        "`--trusted-host {}` was left out. Set `poetry config certificates.NAME.cert false` for the"
        " source if its certificate cannot be verified."
    ),
    "no_index": "`--no-index` was left out.",
}
_PAGES: Final = (".htm", ".html")


def indexes_of(options: Sequence[Entry]) -> list[ImportedIndex]:
    """Return the indexes that options name, besides PyPI.

    `--index-url` replaces PyPI. Others are searched for packages that it does not have. PyTorch's
    indexes are used for PyTorch only. URLs with variables outside of the login are left out.
    """
    first = [url for entry in options for url in entry.options.get("index", ())][-1:]
    others = [url for entry in options for url in entry.options.get("extra_indexes", ())]
    pages = [url for entry in options for url in _links(entry) if _is_index(url)]
    others = [*(url for url in first if is_pytorch(url)), *others, *pages]
    first = [url for url in first if not is_pytorch(url) and not is_pypi(url) and _is_known(url)]
    found = [index_of(url, "primary") for url in first]
    for url in dict.fromkeys(others):
        if is_pypi(url) and found and found[0].priority == "primary":
            found.append(ImportedIndex(name="PyPI", url="", priority="supplemental"))
        elif not is_pypi(url) and _is_known(url):
            found.append(index_of(url, "supplemental"))
    return named_apart(found)


def option_notes(options: Sequence[Entry]) -> Iterator[str]:
    """Yield a sentence for each option that has no counterpart in a pyproject.toml."""
    for entry in options:
        for key, advice in _ADVICE.items():
            values = entry.options.get(key, ())
            if values:
                yield f"{entry.where}: {advice.format(quoted(','.join(values))[1:-1])}"
        for url in _links(entry):
            if not _is_index(url):
                shown = quoted(public_url(url))
                yield f"{entry.where}: {shown} is a list of files, and was left out."
        for key in ("index", "extra_indexes", "find_links"):
            for url in entry.options.get(key, ()):
                if not _is_known(url):
                    shown = quoted(public_url(url))
                    yield f"{entry.where}: the index {shown} has a variable, and was left out."


def _links(entry: Entry) -> list[str]:
    return entry.options.get("find_links", [])


def _is_index(link: str) -> bool:
    """Return whether a value of `--find-links` can be a source of Poetry."""
    return is_pytorch(link) or (link.startswith("http") and link.endswith(_PAGES))


def _is_known(url: str) -> bool:
    return "${" not in public_url(url)
