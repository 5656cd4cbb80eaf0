"""Why stages do not have the newest version of a package, as lines of text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from poetry_fti.wording import named_stages

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.operations.why.report import (
        Agreement,
        Excluded,
        NewestIn,
        Remedy,
        Restriction,
        VersionChange,
    )

# A line names this many changes of other packages, and counts the others.
_LISTED: Final = 10


def newest_lines(
    package: NormalizedName, found: NewestIn, reported: Collection[str]
) -> Iterator[str]:
    """Yield lines of plain text on what prevents newer versions of a package in a stage.

    What prevents them in the `reported` stages is printed elsewhere.
    """
    if found.message:
        yield f"  {found.message}"
        return
    lines = [
        *_update_lines(package, found),
        *(line for each in found.excluded for line in _excluded_lines(package, found, each)),
        *_agreement_lines(package, found, reported),
    ]
    yield from lines or [_newest_line(found)]
    if found.prerelease is not None:
        yield f"  {found.prerelease} is a pre-release, which pyproject.toml does not allow"


def newest_data(found: NewestIn | None) -> dict[str, Any] | None:
    """Return what prevents newer versions as JSON data; None without `--newest`."""
    if found is None:
        return None
    update = found.update
    return {
        "version": str(found.newest) if found.newest else None,
        "prerelease": str(found.prerelease) if found.prerelease else None,
        "message": found.message or None,
        "update": {
            "command": update.command,
            "version": str(update.version) if update.version else None,
            "changes": [_change_data(each) for each in update.changes],
        }
        if update
        else None,
        "excluded": [_excluded_data(each) for each in found.excluded],
        "agreement": _agreement_data(found.agreement) if found.agreement else None,
    }


def _newest_line(found: NewestIn) -> str:
    if found.newest is None:
        return "  the package sources offer no release of it"
    if found.version < found.newest:
        return f"  it is not known what prevents {found.newest}, the newest release"
    if found.version == found.newest:
        return f"  {found.version} is the newest release"
    return f"  the newest release that the package sources offer is {found.newest}"


def _update_lines(package: NormalizedName, found: NewestIn) -> Iterator[str]:
    update = found.update
    if update is None:
        return
    changes = [each for each in update.changes if each.name != package]
    if update.version is None:
        yield f"  `{update.command}` removes it: newer versions of other packages do not require it"
    elif update.version == found.newest:
        which = _which(update.version, found)
        yield f"  no requirement prevents {which}: run `{update.command}`"
    else:
        yield f"  `{update.command}` updates it to {update.version}"
    yield from _along(package, changes, "    ")


def _excluded_lines(
    package: NormalizedName, found: NewestIn, excluded: Excluded, where: str = ""
) -> Iterator[str]:
    """Yield what excludes a version from the stage, or from another one: `in inference`."""
    which = where or _subject(excluded.version, found, excluded.stages)
    possible = "possible"
    if not where and excluded.version in found.higher:
        possible = "possible on all targets"
    indent = "    " if where else "  "
    remedies = excluded.remedies
    if not remedies:
        reason = excluded.reason or "no requirement that could be changed excludes it"
        yield f"{indent}{which} is not {possible}: {reason}"
        return
    together = len(remedies[0].restrictions) > 1
    changing = "these change" if together else "one of these changes"
    if not together and len(remedies) == 1:
        changing = "this changes"
    only = "only " if together else ""
    yield f"{indent}{which} is {only}{possible} if {changing}{' together' if together else ''}:"
    for remedy in remedies:
        for _, sentences in remedy.restrictions:
            yield f"{indent}  {'; '.join(sentences)}"
        yield from _along(package, remedy.changes, f"{indent}    ")


def _agreement_lines(
    package: NormalizedName, found: NewestIn, reported: Collection[str]
) -> Iterator[str]:
    agreement = found.agreement
    if agreement is None:
        return
    which = _subject(agreement.version, found)
    if not agreement.stages:
        yield f"  {which} is possible, but no update was found that results in it"
    else:
        demand = ", as tool.fti.align demands" if agreement.is_demanded else ""
        stages = named_stages(agreement.stages)
        yield f"  {which} is possible, but not in agreement with {stages}{demand}"
    for stage, excluded in agreement.excluded.items():
        if stage not in reported:
            where = f"in {stage}, {excluded.version}"
            yield from _excluded_lines(package, found, excluded, where)
    if agreement.stages and not agreement.is_demanded:
        rule = f'`level = "none"` and `packages = ["{package}"]`'
        yield f"    to let the stages differ, add a rule to [[tool.fti.align]] with {rule}"


def _which(version: Version, found: NewestIn, stages: Sequence[str] = ()) -> str:
    """Return a version with why it is of interest."""
    reasons = ["the newest release"] if version == found.newest else []
    if stages:
        reasons.append(f"which {named_stages(stages)} {'has' if len(stages) == 1 else 'have'}")
    return ", ".join([str(version), *reasons])


def _subject(version: Version, found: NewestIn, stages: Sequence[str] = ()) -> str:
    """Return the same as the subject of a sentence."""
    which = _which(version, found, stages)
    return f"{which}," if "," in which else which


def _along(package: NormalizedName, changes: Sequence[VersionChange], indent: str) -> Iterator[str]:
    """Yield a line on the packages that change together with a package, if any do."""
    texts = [_change_text(each) for each in changes if each.name != package]
    if any(each.name == package and not each.after for each in changes):
        texts.insert(0, f"{package} (removed)")
    if len(texts) > _LISTED:
        texts = [*texts[: _LISTED - 1], f"{len(texts) - _LISTED + 1} more"]
    if texts:
        yield f"{indent}also changes: {', '.join(texts)}"


def _change_text(change: VersionChange) -> str:
    before, after = (" and ".join(map(str, each)) for each in (change.before, change.after))
    if not before:
        return f"{change.name} {after} (added)"
    return f"{change.name} {before} -> {after}" if after else f"{change.name} {before} (removed)"


def _change_data(change: VersionChange) -> dict[str, Any]:
    return {
        "package": change.name,
        "before": [str(version) for version in change.before],
        "after": [str(version) for version in change.after],
    }


def _excluded_data(excluded: Excluded) -> dict[str, Any]:
    return {
        "version": str(excluded.version),
        "stages": list(excluded.stages),
        "remedies": [_remedy_data(each) for each in excluded.remedies],
        "reason": excluded.reason or None,
    }


def _remedy_data(remedy: Remedy) -> dict[str, Any]:
    return {
        "restrictions": [_restriction_data(*each) for each in remedy.restrictions],
        "changes": [_change_data(each) for each in remedy.changes],
    }


def _restriction_data(restriction: Restriction, sentences: Sequence[str]) -> dict[str, Any]:
    return {
        "kind": restriction.kind,
        "package": restriction.package,
        "by": restriction.by or None,
        "sentences": list(sentences),
    }


def _agreement_data(agreement: Agreement) -> dict[str, Any]:
    return {
        "version": str(agreement.version),
        "stages": list(agreement.stages),
        "is_demanded": agreement.is_demanded,
        "excluded": {stage: _excluded_data(each) for stage, each in agreement.excluded.items()},
    }
