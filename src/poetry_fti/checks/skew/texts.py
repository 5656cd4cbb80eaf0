"""The findings of the check `skew` in words: what breaks, why, and how to fix it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from packaging.version import Version

from poetry_fti.agreement.deductions import requirers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poetry_fti.checks.shared.facts import AlignRule
    from poetry_fti.checks.skew.facts import Boundary, PackageFacts, Release
    from poetry_fti.checks.skew.judge import Judgement
    from poetry_fti.checks.skew.pairs import Pair

# Changes that a message describes; long steps between versions have more of them.
_MOST_DESCRIBED: Final = 3
_LOCK: Final = (
    "run `poetry fti lock`, which finds a version that both can have, or names the requirements"
    " that prevent it"
)


def transfer_text(pair: Pair, producer: str, consumer: str, *, is_code: bool = False) -> str:
    """Return what one stage saves and the other one loads, each with a package and its version.

    `is_code` stands for code that both run instead.
    """
    if is_code:
        return (
            f"Code that both stages run has {producer} in {pair.producer.name} and {consumer} in"
            f" {pair.consumer.name}"
        )
    return (
        f"What {pair.producer.name} saves with {producer}, {pair.consumer.name} loads with"
        f" {consumer}"
    )


def outcome(judged: Judgement, facts: PackageFacts) -> str:
    """Return what breaks, the most severe first, and which versions have not been measured."""
    ordered = sorted(judged.crossings, key=lambda each: each.start, reverse=True)
    ordered.sort(key=lambda each: (each.level != "error", not each.silent))
    breaks = list(dict.fromkeys(map(_break, ordered)))
    shown = breaks[:_MOST_DESCRIBED]
    if len(breaks) > _MOST_DESCRIBED:
        shown.append(f"and {len(breaks) - _MOST_DESCRIBED} more")
    return "; ".join((*shown, *_unmeasured(judged, facts)))


def because(pair: Pair, name: str, versions: tuple[Version, Version]) -> str:
    """Return the requirements that keep each of the stages from the other's version.

    The text is empty if there are none, so that both could have either version.
    """
    return "; ".join(
        f"in {side.name}, {text}"
        for side, version in zip(pair.sides, reversed(versions), strict=True)
        for text in sorted(set(requirers(side.stage, side.build(name), version)))[:1]
    )


def alignment(pair: Pair, name: str, rules: Sequence[AlignRule]) -> str:
    """Return how the stages get the same version of a package, as a sentence without full stop."""
    builds = sorted({side.build(name) for side in pair.sides})
    stages = [side.name for side in pair.sides]
    if len(builds) > 1:
        return f"Require the same version of {' and '.join(builds)} in {' and '.join(stages)}"
    own = [
        each
        for each in rules
        if set(stages).issubset(each.rule.stages)
        and each.rule.binds(builds[0])
        # An exemption of other packages, too, stays: a rule takes precedence over it.
        and (not each.rule.is_exemption or each.rule.packages == (builds[0],))
    ]
    if not own:
        rule = (
            f'dd a rule to [[tool.fti.align]] with packages = ["{builds[0]}"] and stages ='
            f' ["{stages[0]}", "{stages[1]}"]'
        )
        if _contradict(pair, builds[0]):
            return f"No version meets both requirements: change one of them, a{rule}, and {_LOCK}"
        return f"A{rule}, and {_LOCK}"
    exact = next((each for each in own if each.rule.level == "exact"), None)
    if exact is not None:
        return f"{exact.path} demands the same version: {_LOCK}"
    path, level = own[0].path, own[0].rule.level
    return f'Change the level of {path} from "{level}" to "exact", and {_LOCK}'


def _contradict(pair: Pair, name: str) -> bool:
    """Return whether no version meets what both stages require of a package themselves."""
    one, other = (
        [each for each in side.stage.requirements if each.name == name] for side in pair.sides
    )
    if not one or not other:
        return False
    bounds = {
        specifier.version.removesuffix(".*")
        for requirement in (*one, *other)
        for specifiers in requirement.ranges
        for specifier in specifiers
        if specifier.operator != "==="
    }
    # A version that meets both exists at a bound, directly after one, or below all of them.
    texts = ("0", *bounds, *(f"{Version(bound).base_version}.0.0.1" for bound in bounds))
    return not any(
        any(each.allows(version) for each in one) and any(each.allows(version) for each in other)
        for version in map(Version, texts)
    )


def _break(boundary: Boundary) -> str:
    text = in_sentence(boundary.breaks)
    return f"{text} (silent)" if boundary.silent else text


def _unmeasured(judged: Judgement, facts: PackageFacts) -> Iterator[str]:
    for version in judged.unmeasured:
        span = f"{_text(facts.oldest)} to {_text(facts.newest)}"
        yield f"{version} is outside of the measured versions, {span}, and may be incompatible"


def in_sentence(text: str) -> str:
    """Return a sentence as a part of another one: without full stop and initial capital."""
    word = text.partition(" ")[0]
    # Names such as TfidfVectorizer and BPE keep their capitals.
    is_plain = word == word.capitalize()
    return (text[0].lower() + text[1:] if is_plain else text).removesuffix(".")


def _text(release: Release) -> str:
    return ".".join(map(str, release))
