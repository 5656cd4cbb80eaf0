"""Tables with the origin of a package: an index, a URL, a repository or a path."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poetry_fti.importers.shared.documents import string
from poetry_fti.importers.shared.paths import path_in
from poetry_fti.urls import plain_file_url, public_git_url

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePath

    from poetry_fti.model.imported import ImportedRequirement


def placed(
    requirement: ImportedRequirement, place: Mapping[str, Any], folder: PurePath
) -> ImportedRequirement:
    """Return a requirement with the place in a table of uv, Poetry, PDM, pixi or Pipenv.

    A relative path refers to `folder`. A table without a place returns the requirement itself.
    """
    if git := string(place.get("git")):
        keys = ("rev", "tag", "branch", "ref", "revision")
        revision = next((found for key in keys if (found := string(place.get(key)))), "")
        subdirectory = string(place.get("subdirectory"))
        url = "".join(
            (
                f"git+{public_git_url(git)}",
                f"@{revision}" if revision else "",
                f"#subdirectory={subdirectory}" if subdirectory else "",
            )
        )
        return replace(requirement, url=url, specifier="")
    if url := string(place.get("url")) or string(place.get("file")):
        return replace(requirement, url=plain_file_url(url), specifier="")
    if path := string(place.get("path")):
        editable = place.get("editable") is True or place.get("develop") is True
        return replace(requirement, path=path_in(folder, path), specifier="", editable=editable)
    index = string(place.get("index")) or string(place.get("source"))
    return replace(requirement, index=index) if index else requirement
