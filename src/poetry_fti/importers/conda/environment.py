"""The environment that an environment.yml describes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from poetry_fti.errors import FtiError
from poetry_fti.importers.conda.names import distribution, is_listed
from poetry_fti.importers.conda.specs import SpecError, parsed_spec
from poetry_fti.importers.requirements.stage import stage_of_text
from poetry_fti.importers.shared.combine import combined
from poetry_fti.importers.shared.python import python_specifiers
from poetry_fti.importers.shared.quoting import quoted
from poetry_fti.importers.shared.requirements import merged, pinned_versions
from poetry_fti.model.imported import ImportedRequirement, ImportedStage
from poetry_fti.model.platforms import Platform
from poetry_fti.models.environments.yaml_documents import mapping, sequence, string
from poetry_fti.wording import in_one_line, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.importers.conda.specs import Spec
    from poetry_fti.importers.source import Source
    from poetry_fti.models.environments.yaml_documents import Yaml

# What every environment has, and no stage requires.
_NO_REQUIREMENTS: Final = frozenset({"python", "pip", "setuptools", "wheel", "conda", "mamba"})
_USUAL_CHANNELS: Final = frozenset({"conda-forge", "defaults", "nodefaults"})
_PLATFORMS: Final[Mapping[str, Platform]] = {
    "linux-64": Platform("linux", "amd64"),
    "linux-aarch64": Platform("linux", "arm64"),
    "linux-ppc64le": Platform("linux", "ppc64le"),
    "osx-64": Platform("macos", "amd64"),
    "osx-arm64": Platform("macos", "arm64"),
    "win-64": Platform("windows", "amd64"),
    "win-arm64": Platform("windows", "arm64"),
}
_MOST_DEPENDENCIES: Final = 20_000


def environment_of(document: Mapping[str, Yaml], source: Source) -> ImportedStage:
    """Return the environment that a document describes, which is in the file of a source.

    Raises FtiError if it is not valid.
    """
    if isinstance(document.get("package"), list) and "metadata" in document:
        raise FtiError(
            f"{source.name} is a lock of conda-lock, which cannot be imported. Import the"
            " environment.yml that it was made from."
        )
    if not isinstance(document.get("dependencies"), list):
        raise FtiError(f"{source.name} has no list of `dependencies`.")
    dependencies = sequence(document["dependencies"])
    if len(dependencies) > _MOST_DEPENDENCIES:
        raise FtiError(f"{source.name} has more than {_MOST_DEPENDENCIES:,} dependencies.")
    _require_known(dependencies, source.name)
    of_conda = conda_stage([each for each in dependencies if isinstance(each, str)], source.name)
    of_pip = _pip_stage(dependencies, source)
    return replace(
        combined([_without(of_conda, of_pip), of_pip]),
        platforms=platforms_of(each for each in sequence(document.get("platforms"))),
        env=variables(document.get("variables")),
        notes=(*channel_notes(document, source.name), *of_conda.notes, *of_pip.notes),
    )


def _require_known(dependencies: Sequence[Yaml], where: str) -> None:
    """Raise FtiError for a dependency that is neither a package nor a list of pip's."""
    for each in dependencies:
        if isinstance(each, str):
            continue
        if not isinstance(each, dict):
            raise FtiError(f"{where}: a list in `dependencies` is not a package of conda.")
        for key, lines in each.items():
            if key != "pip":
                raise FtiError(f"{where}: `dependencies` has the key {quoted(key)}, not `pip`.")
            if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
                raise FtiError(f"{where}: `pip` in `dependencies` is not a list of requirements.")


def conda_stage(texts: Sequence[str], where: str) -> ImportedStage:
    """Return the environment of match specifications; `where` is the file that messages name."""
    specs = [_spec(text, where) for text in texts]
    found = [(each, _distribution(each)) for each in specs if each.name not in _NO_REQUIREMENTS]
    requirements = merged(
        ImportedRequirement(name=name, extras=each.extras, specifier=each.versions or "")
        for each, name in found
        if name is not None
    )
    python = [each.versions for each in specs if each.name == "python" and each.versions]
    notes = []
    if native := sorted({each.name for each, name in found if name is None}):
        notes.append(
            f"{where}: PyPI does not have these conda packages: {joined(native)}. Install those"
            " that the stage needs in its image, for example with the key `apt`."
        )
    if any(each.name == "cpuonly" for each in specs):
        notes.append(
            f"{where}: PyTorch for Linux on PyPI contains CUDA. For `cpuonly`, add the source"
            " https://download.pytorch.org/whl/cpu to torch."
        )
    if specs and all(each.build and "*" not in each.build for each in specs):
        notes.append(
            f"{where} lists every package of an environment, also those that others require. Remove"
            " what the code does not import from the stage's group."
        )
    notes += [
        f"{where}: the versions of {quoted(text)} have no counterpart, and were left out."
        for text, spec in zip(texts, specs, strict=True)
        if spec.versions is None
    ]
    return ImportedStage(
        requirements=tuple(requirements),
        versions=pinned_versions(requirements),
        python=python_specifiers(",".join(python)),
        notes=tuple(notes),
    )


def platforms_of(names: Iterable[Yaml]) -> tuple[Platform, ...]:
    """Return the platforms with these names of conda, such as `linux-64`; others are left out."""
    found = (_PLATFORMS.get(each) for each in names if isinstance(each, str))
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _spec(text: str, where: str) -> Spec:
    try:
        return parsed_spec(text)
    except SpecError as error:
        raise FtiError(f"{where}: {quoted(text)} is not a package of conda.") from error


def _distribution(spec: Spec) -> NormalizedName | None:
    if spec.is_from_pypi:
        return canonicalize_name(spec.name)
    return None if spec.is_native and not is_listed(spec.name) else distribution(spec.name)


def _pip_stage(dependencies: Sequence[Yaml], source: Source) -> ImportedStage:
    label = f"{source.name}, pip section"
    return stage_of_text(pip_section(dependencies), source.path, source.files, label)


def pip_section(dependencies: Sequence[Yaml]) -> str:
    """Return the lines that pip reads in the `dependencies` of an environment.yml."""
    lines = (line for each in dependencies for line in sequence(mapping(each).get("pip")))
    return "\n".join(line for line in lines if isinstance(line, str))


def _without(stage: ImportedStage, other: ImportedStage) -> ImportedStage:
    """Return a stage without the requirements on packages of another, which pip replaces."""
    names = {canonicalize_name(each.name) for each in other.requirements}
    kept = tuple(each for each in stage.requirements if each.normalized not in names)
    versions = tuple(each for each in stage.versions if each[0] not in names)
    return replace(stage, requirements=kept, versions=versions)


def variables(found: Yaml | None) -> tuple[tuple[str, str], ...]:
    """Return a mapping of environment variables as pairs of name and value."""
    return tuple((name, value) for name, value in mapping(found).items() if isinstance(value, str))


def channel_notes(document: Mapping[str, Yaml], where: str) -> list[str]:
    """Return a sentence on the `channels` of a document that are not the usual ones, if any."""
    channels = [string(each) for each in sequence(document.get("channels"))]
    others = [in_one_line(each) for each in channels if each and each not in _USUAL_CHANNELS]
    if not others:
        return []
    return [f"{where}: packages come from PyPI, not from these channels: {joined(others)}."]
