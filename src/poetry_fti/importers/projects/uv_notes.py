"""What `[tool.uv]` has that a stage cannot express."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from poetry_fti.importers.shared.documents import string, strings, table, tables
from poetry_fti.importers.shared.markers import marked_platforms, true_platforms
from poetry_fti.wording import in_one_line, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.importers.projects.declared import Reader

_ADVICE: Final[Mapping[str, str]] = {
    "build-constraint-dependencies": "See `[tool.poetry.build-constraints]`.",
    "dependency-metadata": "See the key `overrides` of the stage.",
    "exclude-dependencies": "See the key `exclude` of the stage.",
    "exclude-newer": "See `poetry config solver.min-release-age`.",
    "exclude-newer-package": "See the key `constraints` of the stage.",
    "find-links": "Add a source, or a URL to the packages.",
    "no-binary": "See `poetry config installer.no-binary`.",
    "no-binary-package": "See `poetry config installer.no-binary`.",
    "no-build": "See the key `no-build` of the stage.",
    "no-build-package": "See `poetry config installer.only-binary`.",
    "prerelease": "Add `allow-prereleases = true` to the requirements that need it.",
    "required-environments": "See the key `platforms` of the stage.",
    "resolution": "Poetry prefers the newest versions. See the key `constraints` of the stage.",
}
_LEFT_OUT: Final = "is a URL or a path, and was left out. Require the package by it."
# What uv does without the setting, which is what Poetry does, too.
_DEFAULTS: Final = {"prerelease": "if-necessary-or-explicit", "resolution": "highest"}


def uv_notes(uv: Mapping[str, Any], reader: Reader) -> Iterator[str]:
    """Yield a sentence for each setting without a counterpart; raises FtiError if not valid."""
    where = reader.files.shown(reader.path)
    yield from _bound_notes(uv, reader, where)
    markers = list(strings(uv.get("environments")))
    if markers and not marked_platforms(markers):
        yield (
            f"{where}: tool.uv.environments was left out. Set the key `platforms` of the stage if"
            " it is for some platforms only."
        )
    for key, advice in _ADVICE.items():
        if (value := uv.get(key)) and value != _DEFAULTS.get(key):
            yield f"{where}: tool.uv.{key} was left out. {advice}"
    if partial := [name for name, value in table(uv, "sources").items() if _is_partial(value)]:
        verb = "was" if len(partial) == 1 else "were"
        yield (
            f"{where}: {joined(map(in_one_line, partial))} {verb} imported only where a marker in"
            " tool.uv.sources is true. Add what remains without a source."
        )


def _is_partial(value: object) -> bool:
    """Return whether a package has sources for some environments, and it is not known which."""
    found = tables(value if isinstance(value, list) else [value])
    markers = [string(each.get("marker")) for each in found]
    return bool(markers) and all(markers) and None in map(true_platforms, markers)


def _bound_notes(uv: Mapping[str, Any], reader: Reader, where: str) -> Iterator[str]:
    """Yield sentences on constraints and overrides that are more than versions."""
    overrides, constraints = (
        list(reader.requirements(strings(uv.get(key)), f"tool.uv.{key}"))
        for key in ("override-dependencies", "constraint-dependencies")
    )
    general = {each.normalized for each in overrides if each.specifier and not each.marker}
    for each in overrides:
        if each.url or each.path:
            yield f"{where}: the override of {each.name} {_LEFT_OUT}"
        elif each.marker and each.normalized in general:
            yield (
                f"{where}: the override of {each.name} with a marker was left out. Poetry has no"
                " markers there."
            )
        elif each.marker:
            yield (
                f"{where}: of the override of {each.name}, only the version was imported. Poetry"
                " has no markers there."
            )
    for each in constraints:
        if each.url or each.path:
            yield f"{where}: the constraint on {each.name} {_LEFT_OUT}"
