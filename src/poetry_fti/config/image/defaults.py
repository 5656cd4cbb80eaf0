"""The table `[tool.fti.image]`: defaults for the images of all stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.config.image.keys import IMAGE_KEYS, image_of, read_image, read_registry
from poetry_fti.config.table import Table
from poetry_fti.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from poetry_fti.model.images.image import Image

_PATH: Final = "tool.fti.image"
_PROGRAM: Final = "belongs to the program of one stage; set it in [tool.fti.stages.<stage>.image]"
_REFUSED: Final = {
    "name": 'would give all images the same name; set "registry", or the name in each stage',
    "expose": _PROGRAM,
    "command": _PROGRAM,
    "healthcheck": _PROGRAM,
}
_KEYS: Final = ("registry", *(key for key in IMAGE_KEYS if key not in _REFUSED))
# A key of a stage that also replaces the default of another key.
_REPLACES: Final = {"base": "dockerfile", "dockerfile": "base", "python": "build-apt"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDefaults:
    """The defaults as they are written, and the image that they describe.

    `problems` are those of the defaults, as they are found again in an image that has them.
    """

    table: Mapping[str, Any]
    image: Image
    problems: tuple[Problem, ...] = ()

    def read(self, stage: Mapping[str, Any], path: str, problems: list[Problem]) -> Image:
        """Return the image of a stage's table at a path; its own problems are added."""
        own = stage.get("image", {})
        found: list[Problem] = []
        image = read_image(Table(stage, path, found))
        if not isinstance(own, Mapping):
            problems += found
            return image
        again: list[Problem] = []
        merged = self._merged(own, stage.get("env"))
        image = read_image(Table({"image": merged}, path, again))
        problems += _distinct(found, again, known=self._moved(f"{path}.image"))
        inherited = frozenset(merged.keys() - own.keys())
        return replace(image, registry=self.image.registry, inherited=inherited)

    def _merged(self, own: Mapping[str, Any], variables: object) -> dict[str, Any]:
        replaced = {_REPLACES.get(key) for key in own}
        defaults = {key: value for key, value in self.table.items() if key not in replaced}
        if own.get("installer") == "pip":
            defaults.pop("installer-image", None)
        # The stage's own `env` is not overridden by a default of `image.env`, and a package for
        # the image is present during the build as well.
        for key, names in (("env", variables), ("build-apt", own.get("apt"))):
            if key in defaults:
                defaults[key] = _without(defaults[key], names)
        return {**defaults, **{key: _combined(defaults.get(key), own[key]) for key in own}}

    def _moved(self, path: str) -> list[Problem]:
        return [replace(p, path=path + p.path.removeprefix(_PATH)) for p in self.problems]


def read_image_defaults(table: Mapping[str, Any], problems: list[Problem]) -> ImageDefaults:
    """Return the defaults in a table `[tool.fti.image]`; its problems are added."""
    refused = [Problem(f"{_PATH}.{key}", _REFUSED[key]) for key in table if key in _REFUSED]
    kept = {key: value for key, value in table.items() if key not in _REFUSED}
    found: list[Problem] = []
    checked = Table(kept, _PATH, found, keys=_KEYS)
    registry, image = read_registry(checked), image_of(checked)
    problems += [*refused, *found]
    values = {key: value for key, value in kept.items() if key in IMAGE_KEYS}
    image = replace(image, registry=registry, inherited=frozenset(values))
    return ImageDefaults(table=values, image=image, problems=tuple(found))


def _combined(default: object, own: object) -> object:
    """Return the value of a key of a stage; a table has the default's keys as well."""
    return {**default, **own} if isinstance(default, dict) and isinstance(own, dict) else own


def _without(value: object, names: object) -> object:
    """Return a table or an array without names that the stage has elsewhere."""
    if isinstance(value, dict) and isinstance(names, dict):
        return {key: item for key, item in value.items() if key not in names}
    if isinstance(value, list) and isinstance(names, list):
        return [item for item in value if item not in names]
    return value


def _distinct(*problems: Iterable[Problem], known: Collection[Problem]) -> list[Problem]:
    """Return problems once each, without those that are known."""
    return [each for each in dict.fromkeys(chain(*problems)) if each not in known]
