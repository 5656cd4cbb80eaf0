"""What the requirements of a file have that is not imported, as sentences for the user."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from poetry_fti.importers.shared.conda_builds import is_conda_build
from poetry_fti.importers.shared.quoting import quoted
from poetry_fti.urls import has_login
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poetry_fti.importers.requirements.entries import Entry
    from poetry_fti.model.imported import ImportedRequirement

_UNNAMED: Final = "the project itself, which is in every stage"
_URL: Final = re.compile(r"\S+://\S+")


def is_listed_by_mistake(requirement: ImportedRequirement) -> bool:
    """Return whether a requirement is `pkg-resources==0.0.0`, which no index has.

    `pip freeze` of Debian and Ubuntu lists it in environments with their setuptools.
    """
    return requirement.normalized == "pkg-resources" and requirement.specifier == "==0.0.0"


def requirement_notes(
    found: Sequence[tuple[Entry, ImportedRequirement | None]],
) -> Iterator[str]:
    """Yield sentences about entries with their requirements, None for the project itself."""
    for entry, each in found:
        if each is None:
            yield f"{entry.where}: {quoted(entry.text)} is {_UNNAMED}."
        else:
            yield from _notes_on(entry, each)
        for key in ("settings", "build_options"):
            if entry.options.get(key):
                yield (
                    f"{entry.where}: build settings were left out. Configure them with `poetry"
                    " config installer.build-config-settings.PACKAGE`."
                )
    if names := sorted({each.normalized for entry, each in found if each and _is_of_conda(entry)}):
        paths = "path of" if len(names) == 1 else "paths of"
        yield (
            f"The {paths} {joined(names)} were left out, since conda built the packages there."
            " Their versions are not in the file: to keep these, import the environment with"
            " `--python PATH`, or a file by `pip list --format freeze`."
        )


def _notes_on(entry: Entry, requirement: ImportedRequirement) -> Iterator[str]:
    if entry.is_constraint and not requirement.specifier:
        yield f"{entry.where}: a constraint without a version was left out."
    if is_listed_by_mistake(requirement):
        yield (
            f"{entry.where}: {quoted(entry.text)} was left out. It is not a package: pip of Debian"
            " and Ubuntu lists it by mistake."
        )
    url = _URL.search(entry.text)
    if requirement.url and url and has_login(url[0]):
        name = requirement.normalized
        yield (
            f"{entry.where}: the login in the URL of {name} was not imported. Configure it with"
            f" `poetry config repositories.{name} URL` and `poetry config http-basic.{name}"
            " USERNAME`."
        )


def _is_of_conda(entry: Entry) -> bool:
    url = _URL.search(entry.text)
    return url is not None and is_conda_build(url[0])
