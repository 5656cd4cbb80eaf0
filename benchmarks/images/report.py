"""The table: a column for each contender, a row for each figure, and the limits of ours."""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from benchmarks.images.measured import Figures, Rebuild

_SHARE: Final = 0.6
_SHARE_EXCLUDING: Final = 0.5
_EDIT: Final = 1.0  # second
_MEGABYTE: Final = 1_000_000


class Change(NamedTuple):
    """The package of a stage that gets another version."""

    stage: str
    package: str


class _Row(NamedTuple):
    """A figure of each contender; `beyond` says whether ours is beyond its limit."""

    title: str
    cell: Callable[[Figures], str]
    limit: str = ""
    beyond: bool = False


def table(
    ours: Figures,
    others: Mapping[str, Figures | None],
    change: Change,
    excluding: tuple[str, Figures | None],
) -> Iterator[str]:
    """Yield the lines; a figure of ours beyond its limit is bold, who failed has none.

    `excluding` is the title and what is measured of ours if stages exclude a package.
    """
    yield f"| | poetry-fti | {' | '.join(others)} | limit of poetry-fti |"
    yield f"|:--|--:|{'--:|' * len(others)}:--|"
    title, reference = next(iter(others.items()))
    rows = [
        *_rows(ours, reference, title, change),
        _excluding_row(ours, reference, title, excluding),
    ]
    for row in rows:
        first = f"**{row.cell(ours)}**" if row.beyond else row.cell(ours)
        rest = [row.cell(found) if found else "failed" for found in others.values()]
        yield f"| {' | '.join((row.title, first, *rest, row.limit))} |"


def _rows(ours: Figures, reference: Figures | None, title: str, change: Change) -> Iterator[_Row]:
    for stage in ours.images:
        yield _Row(f"image of {stage}", partial(_image_size, stage))
    yield _Row(
        "all together, shared layers once",
        lambda found: _size(_together(found)),
        f"{_SHARE:.0%} of {title}",
        reference is not None and _together(ours) > _SHARE * _together(reference),
    )
    yield _Row("cold builds", lambda found: f"{found.cold:.0f} s")
    yield _Row(
        "code edited: executed steps",
        lambda found: _work(found.edited.values()),
        f"{_EDIT:.0f} s",
        sum(map(_step_seconds, ours.edited.values())) > _EDIT,
    )
    yield _Row("code edited: builds", lambda found: _wall(found.edited.values()))
    named = f"{change.package} of {change.stage} changed"
    yield _Row(
        f"{named}: its new layers",
        lambda found: _new(found, [found.changed[found.images[change.stage]]]),
        "1, shared with no other stage",
        not _is_own_alone(ours, change.stage),
    )
    yield _Row(
        f"{named}: its executed steps",
        lambda found: _work([found.changed[found.images[change.stage]]]),
    )
    yield _Row(
        f"{named}: new layers of other stages",
        lambda found: _new(found, _others(found, change.stage)),
        "none",
        any(image.new for image in _others(ours, change.stage)),
    )
    yield _Row(f"{named}: builds", lambda found: _wall(found.changed.values()))


def _excluding_row(
    ours: Figures, reference: Figures | None, title: str, excluding: tuple[str, Figures | None]
) -> _Row:
    name, own = excluding

    def cell(found: Figures) -> str:
        if found is ours:
            return _size(_together(own)) if own else "failed"
        return _size(_together(found))

    return _Row(
        f"all together, {name}",
        cell,
        f"{_SHARE_EXCLUDING:.0%} of {title}",
        own is None
        or (reference is not None and _together(own) > _SHARE_EXCLUDING * _together(reference)),
    )


def _image_size(stage: str, found: Figures) -> str:
    return _size(found.weight(found.first[found.images[stage]]))


def _together(found: Figures) -> int:
    return found.weight([*chain.from_iterable(found.first.values())])


def _size(count: int) -> str:
    return f"{count / _MEGABYTE:,.0f} MB"


def _new(found: Figures, images: Iterable[Rebuild]) -> str:
    layers = [layer for image in images for layer in image.new]
    sizes = " + ".join(f"{found.sizes[layer] / _MEGABYTE:,.1f}" for layer in layers)
    return f"{len(layers)}: {sizes} MB" if layers else "none"


def _work(images: Iterable[Rebuild]) -> str:
    images = list(images)
    steps = Counter(step.instruction for image in images for step in image.build.steps)
    named = ", ".join(f"{count} {instruction}" for instruction, count in sorted(steps.items()))
    return f"{named}: {sum(map(_step_seconds, images)):.1f} s" if steps else "none"


def _step_seconds(image: Rebuild) -> float:
    return sum(step.seconds for step in image.build.steps)


def _wall(images: Iterable[Rebuild]) -> str:
    return f"{sum(image.build.seconds for image in images):.1f} s"


def _others(found: Figures, stage: str) -> list[Rebuild]:
    """Return the images of other stages; where all share one image, that one."""
    return list(
        {
            found.images[name]: found.changed[found.images[name]]
            for name in found.images
            if name != stage
        }.values()
    )


def _is_own_alone(found: Figures, stage: str) -> bool:
    """Tell whether one layer took the place of one that no other image had."""
    image = found.images[stage]
    gone = set(found.edited[image].layers) - set(found.changed[image].layers)
    shared = any(gone & set(each.layers) for tag, each in found.edited.items() if tag != image)
    return len(found.changed[image].new) == len(gone) == 1 and not shared
