"""What breaks when a stage loads a saved model, by what the model records about its environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from poetry_fti.agreement.deductions import requirers
from poetry_fti.checks import Finding, Transfer
from poetry_fti.checks.skew.data import load_facts
from poetry_fti.checks.skew.judge import Judgement, judge
from poetry_fti.checks.skew.pairs import Side
from poetry_fti.checks.skew.texts import outcome
from poetry_fti.targets import version_text
from poetry_fti.wording import in_one_line, joined

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from poetry_fti.checks.shared.facts import CheckedStage
    from poetry_fti.checks.skew.facts import PackageFacts
    from poetry_fti.model.model_record import ModelRecord

_CHECK: Final = "model"
_PYTHON: Final = "python"
# Lists of packages, which may have more than a model needs.
_LISTS: Final = frozenset({"bento", "conda", "environment", "requirements"})
_LIST_FILES: Final = frozenset({"requirements.txt", "conda.yaml"})
# Files that describe a model, which they do not contain.
_DESCRIPTIONS: Final = ("MLmodel", ".txt", ".yaml", ".yml")
_MOST_SHOWN: Final = 5


def model_findings(
    model: str, record: ModelRecord, stage: CheckedStage, known: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield what breaks when a stage, which has a readable lock, loads a model.

    `model` is the name of the model in messages, `known` are packages that stages of the project
    have. A version that the model does not record, and a package that is neither known nor has
    measured facts, which may be a module of another name, yield no finding.
    """
    side = Side(stage)
    yield from _unsafe(model, record, side)
    if record.opsets:
        # An exported model needs none of the packages that it was made with.
        yield from _unreadable_onnx(model, record, side)
        return
    facts = load_facts().packages
    missing = (_needed(record) & facts.keys()) | (_imported(record) & set(known))
    for name in sorted((facts.keys() | missing) - {_PYTHON}):
        if name not in side.packages:
            if name in missing:
                yield _missing(model, record, side, name)
        elif name in facts:
            yield from _different_version(model, record, side, name, facts[name])
    yield from _different_python(model, record, side, facts[_PYTHON])


def _unsafe(model: str, record: ModelRecord, side: Side) -> Iterator[Finding]:
    if record.unsafe:
        shown = [in_one_line(each) for each in record.unsafe[:_MOST_SHOWN]]
        more = len(record.unsafe) - len(shown)
        yield Finding(
            check=_CHECK,
            stage=side.name,
            level="warning",
            message=(
                f"{model} calls {joined([*shown, f'{more} more'] if more else shown)} when"
                f" {side.name} loads it, which can run any code"
            ),
            fix="Load it only if you trust whoever has made it",
            path=side.stage.path,
        )


def _different_version(
    model: str, record: ModelRecord, side: Side, name: str, facts: PackageFacts
) -> Iterator[Finding]:
    versions = sorted({each.version for each in side.packages[name]})
    made_with = _recorded(record, name, versions)
    if made_with is None:
        return
    forms = _forms(record, name)
    steps = [(each, _judged(record, facts, made_with, each, forms)) for each in versions]
    failing = [(version, judged) for version, judged in steps if judged.level is not None]
    if not failing:
        return
    version, judged = min(failing, key=lambda step: (step[1].level != "error", step[0]))
    build = side.build(name)
    reasons = sorted(set(requirers(side.stage, build, made_with)))[:1]
    is_recorded = name in record.versions
    specifier = f"=={made_with}" if is_recorded else record.implied[name]
    yield Finding(
        check=_CHECK,
        stage=side.name,
        package=name,
        level=judged.level or "warning",
        message=(
            f"{model} was saved with {name} {made_with if is_recorded else specifier}, and"
            f" {side.name} loads it with {build} {version}: {outcome(judged, facts)}"
        ),
        because="".join(f"in {side.name}, {reason}" for reason in reasons),
        fix=(
            f"Save the model with {name} {version}, or lock the other version with"
            f' `poetry fti add {side.name} "{build}{specifier}"`'
        ),
        path=side.stage.path,
        transfer=_transfer(model, side, (made_with, version), silent=judged.silent),
    )


def _judged(
    record: ModelRecord,
    facts: PackageFacts,
    made_with: Version,
    version: Version,
    forms: frozenset[str] | None = None,
) -> Judgement:
    """Return what breaks; `forms` are the forms in which a package is in the model, if known."""
    judged = judge(
        facts, made_with, version, producer_packages={*record.versions, *record.packages}
    )
    crossings = tuple(
        each
        for each in judged.crossings
        if each.kind == "saved-objects"
        and (each.form is None or forms is None or each.form in forms)
    )
    return Judgement(crossings, judged.unmeasured)


def _forms(record: ModelRecord, name: str) -> frozenset[str] | None:
    """Return the values of `form` that apply to what a package has saved, or None if unknown.

    It is known for a pickle, and for a file in the package's own format that has been read.
    """
    modules = {each.rpartition(".")[0] for each in record.globals}
    pickled = [each for each in modules if f"{each}.".startswith(f"{name}.")]
    source = record.sources.get(name, "MLmodel")
    has_own_file = record.kind == name or not source.endswith(_DESCRIPTIONS)
    if not pickled and not has_own_file:
        return None
    return frozenset(f"pickle:{each}" for each in pickled)


def _recorded(record: ModelRecord, name: str, versions: list[Version]) -> Version | None:
    """Return the version that a model records, or the oldest that its content implies.

    That is None if the stage's own versions agree with the content.
    """
    if name in record.versions:
        return Version(record.versions[name])
    return _oldest(record.implied.get(name, ""), versions)


def _oldest(specifiers: str, versions: list[Version]) -> Version | None:
    try:
        allowed = SpecifierSet(specifiers)
    except InvalidSpecifier:
        return None
    if all(allowed.contains(each, prereleases=True) for each in versions):
        return None
    lowest = [
        Version(each.version.removesuffix(".*"))
        for each in allowed
        if each.operator in {">=", "=="}
    ]
    return max(lowest, default=None)


def _needed(record: ModelRecord) -> set[str]:
    """Return the packages without which a model cannot be loaded."""
    if record.kind in _LISTS:
        return set()
    if not record.sources:
        return {*record.versions, *record.packages}
    return {name for name, file in record.sources.items() if file not in _LIST_FILES}


def _imported(record: ModelRecord) -> set[str]:
    """Return the packages of what a model file refers to; those of a folder are also others."""
    return set() if record.kind in _LISTS or record.sources else set(record.packages)


def _missing(model: str, record: ModelRecord, side: Side, name: str) -> Finding:
    version = record.versions.get(name)
    saved = f"{name} {version}" if version else name
    return Finding(
        check=_CHECK,
        stage=side.name,
        package=name,
        level="error",
        message=f"{side.name} cannot load {model}, which needs {saved}: it does not have {name}",
        fix=f"Add it with `poetry fti add {side.name} {name}{f'=={version}' if version else ''}`",
        path=side.stage.path,
    )


def _different_python(
    model: str, record: ModelRecord, side: Side, facts: PackageFacts
) -> Iterator[Finding]:
    """Yield a finding if a model has code of a Python that the stage does not allow."""
    pythons = [Version(version_text(each)) for each in side.minors]
    implied = record.implied.get(_PYTHON, "")
    if record.python:
        release = Version(record.python).release
        made_with: Version | None = Version(".".join(map(str, release[:2])))
    else:
        made_with = _oldest_python(implied, pythons)
    if made_with is None or not pythons or made_with in pythons:
        return
    judged = _judged(record, facts, made_with, pythons[0])
    judged = Judgement(tuple(each for each in judged.crossings if each.needs))
    if judged.level is not None:
        yield Finding(
            check=_CHECK,
            stage=side.name,
            package=_PYTHON,
            level=judged.level,
            message=(
                f"{model} was saved with Python {made_with if record.python else implied}, and"
                f" {side.name} loads it with Python {pythons[0]}: {outcome(judged, facts)}"
            ),
            because=f"{side.name} requires Python {side.stage.python}" if side.stage.python else "",
            fix=f"Save the model with Python {pythons[0]}, or change `python` of {side.stage.path}",
            path=side.stage.path,
            transfer=_transfer(model, side, (made_with, pythons[0]), silent=judged.silent),
        )


def _oldest_python(specifiers: str, pythons: list[Version]) -> Version | None:
    if any(SpecifierSet(specifiers).contains(each) for each in pythons):
        return None
    return _oldest(specifiers, pythons)


def _unreadable_onnx(model: str, record: ModelRecord, side: Side) -> Iterator[Finding]:
    read = load_facts().onnx.read
    for version in sorted({each.version for each in side.packages.get("onnxruntime", ())}):
        newest = read.get((version.major, version.minor))
        opset, ir = record.opsets.get("ai.onnx", 0), record.ir_version or 0
        if newest and (opset > newest.opset or ir > newest.ir):
            build = side.build("onnxruntime")
            yield Finding(
                check=_CHECK,
                stage=side.name,
                package="onnx",
                level="error",
                message=(
                    f"{build} {version} of {side.name} cannot read {model}, which has opset {opset}"
                    f" and IR version {ir}: it reads up to opset {newest.opset} and IR version"
                    f" {newest.ir}"
                ),
                fix=(
                    f"Export the model with opset {newest.opset} and IR version {newest.ir} at"
                    f" most, or update {build} in {side.name}"
                ),
                path=side.stage.path,
            )
            return


def _transfer(
    model: str, side: Side, versions: tuple[Version, Version], *, silent: bool
) -> Transfer:
    return Transfer(
        producer=model,
        consumer=side.name,
        producer_version=str(versions[0]),
        consumer_version=str(versions[1]),
        silent=silent,
    )
