"""What a pixi environment has that a stage cannot express."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.importers.pixi.packages import is_from_source, is_plain
from poetry_fti.importers.shared.documents import array, string, table, tables
from poetry_fti.wording import in_one_line, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_fti.importers.pixi.features import Feature
    from poetry_fti.model.imported import ImportedStage

_ADVICE: Final[Mapping[str, str]] = {
    "no-binary": "See `poetry config installer.no-binary`.",
    "no-build": "See the key `no-build` of the stage.",
    "find-links": "Add a source, or a URL to the packages.",
    "prerelease-mode": "Add `allow-prereleases = true` to the requirements that need it.",
}
# What pixi does without the setting, which is what Poetry does, too.
_DEFAULTS: Final = {"prerelease-mode": "if-necessary-or-explicit"}


def feature_notes(features: Sequence[Feature], where: str) -> Iterator[str]:
    """Yield a sentence for each kind of table without a counterpart."""
    keys = {key for each in features for key in _tables(each, "system-requirements")}
    if keys:
        yield (
            f"{where}: these system requirements were left out: {joined(sorted(keys))}. See the"
            " keys `libc` and `macos` of the stage, and `base` of its image."
        )
    built = {
        name
        for each in features
        for name, value in _tables(each, "dependencies").items()
        if is_from_source(value)
    }
    if built:
        yield (
            f"{where}: these packages, which pixi builds from source, were left out:"
            f" {joined(sorted(built))}. Add those with Python code with `poetry fti add`."
        )
    scripts = [each for feature in features for each in _scripts(feature)]
    if scripts:
        yield f"{where}: these activation scripts were left out: {joined(scripts)}."
    expanded = {
        name
        for each in features
        for name, value in _tables(each, "activation", "env").items()
        if not is_plain(value)
    }
    if expanded:
        yield (
            f"{where}: these environment variables, whose values refer to others, were left out:"
            f" {joined(sorted(expanded))}."
        )
    for key, advice in _ADVICE.items():
        values = [table(each.data, "pypi-options").get(key) for each in features]
        if any(value and value != _DEFAULTS.get(key) for value in values):
            yield f"{where}: `{key}` of pypi-options was left out. {advice}"


def platform_notes(stages: Sequence[ImportedStage], where: str) -> Iterator[str]:
    """Yield a sentence on what platforms have different values of; `stages` are those of each."""
    pythons = sorted({each.python or "any" for each in stages})
    if len(pythons) > 1:
        yield (
            f"{where}: the versions of Python differ between the platforms ({joined(pythons)}), and"
            " were left out. Set the key `python` of the stage."
        )
    pairs = {pair for each in stages for pair in each.env}
    names = {name for name, value in pairs if any((name, value) not in each.env for each in stages)}
    if names:
        yield (
            f"{where}: these environment variables, which are set on some platforms only, were left"
            f" out: {joined(sorted(names))}."
        )


def _tables(feature: Feature, *keys: str) -> dict[str, object]:
    """Return the table at nested keys with those of all targets."""
    found = dict(table(feature.data, *keys))
    for each in tables(list(table(feature.data, "target").values())):
        found |= table(each, *keys)
    return {in_one_line(name): value for name, value in found.items()}


def _scripts(feature: Feature) -> list[str]:
    scripts = array(_tables(feature, "activation").get("scripts"))
    return [in_one_line(each) for each in map(string, scripts) if each]
