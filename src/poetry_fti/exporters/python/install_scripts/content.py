"""The parts that the scripts for all shells share: requirements, and checks in Python."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet

from poetry_fti.exporters.python import requirements
from poetry_fti.exporters.shared.build_constraints import FILENAME as BUILD_CONSTRAINTS
from poetry_fti.exporters.shared.header import header
from poetry_fti.exporters.shared.pythons import allowed_minors
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin
from poetry_fti.targets import (
    MINORS,
    marker_environment,
    python_environments,
    stage_targets,
    version_text,
)
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.model.lock import LockedStage

# The message on a local package that is missing, for the variable `path` of the shell.
MISSING_PATH: Final = '"$path is not in this folder. Run the script in the root of the project."'
_LAST_PATCH: Final = 99  # that `python_environments` lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """One call of pip: the name of its requirements file, the file's text, and further options."""

    name: str
    text: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptContent:
    """The content of the scripts that create the environment of a stage.

    Attributes:
        header: the comment on the file's origin.
        requires_python: the allowed versions of Python, for messages.
        minors: the released versions of Python that are allowed, such as `3.12`, newest first.
        python_check: a Python program that fails in a version that is not allowed.
        platform_check: a Python program that fails on a platform that the stage is not locked for;
            empty if the stage is locked for every platform.
        platforms: the platforms, for the message.
        installations: the calls of pip, in order.
        constraints: the text of the build constraints; empty without any.
        paths: the local packages, relative to the project's root.
    """

    header: str
    stage: str
    requires_python: str
    minors: tuple[str, ...]
    python_check: str
    platform_check: str
    platforms: str
    installations: tuple[Installation, ...]
    constraints: str
    paths: tuple[str, ...]


def script_content(locked: LockedStage) -> ScriptContent:
    """Return the content of a stage's scripts; raises FtiError if it allows no known Python."""
    allowed_minors(locked)
    files = requirements.files(replace(locked, via=False))
    platforms = locked.stage.targets.platforms
    return ScriptContent(
        header=header(locked),
        stage=locked.stage.name,
        requires_python=locked.requires_python or "3",
        minors=_released(locked),
        python_check=_python_check(SpecifierSet(locked.requires_python)),
        platform_check=_platform_check(locked) if platforms else "",
        platforms=joined(list(map(str, platforms))) if platforms else "",
        installations=tuple(_installations(locked, files)),
        constraints=_without_comments(files.get(BUILD_CONSTRAINTS, "")),
        paths=tuple(sorted({str(path) for path in _local_paths(locked)})),
    )


def usage(content: ScriptContent, command: str) -> str:
    """Return the comment on how to run a script with a command."""
    where = ", in the project's root" if content.paths else ""
    return (
        f"# Creates the environment of the stage {content.stage} with nothing but Python and pip.\n"
        f"# Usage{where}: {command} [ENVIRONMENT]\n"
        f"# The default for ENVIRONMENT is .venv-{content.stage}. The variable PYTHON selects the"
        " interpreter.\n"
    )


def other_platform(content: ScriptContent) -> str:
    """Return the message on a platform that the stage is not locked for."""
    return f"The stage {content.stage} is locked for CPython on {content.platforms} only."


def _installations(locked: LockedStage, files: Mapping[str, str]) -> Iterator[Installation]:
    hashed = any(package.files for package in locked.packages)
    options = {requirements.REQUIREMENTS: ("--require-hashes",) if hashed else ()}
    for name in (requirements.REQUIREMENTS, requirements.SOURCES):
        text = _without_comments(files.get(name, ""))
        if locked.packages and text:
            yield Installation(name=name, text=text, options=options.get(name, ()))


def _without_comments(text: str) -> str:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return "".join(f"{line}\n" for line in lines)


def _local_paths(locked: LockedStage) -> Iterator[object]:
    for package in locked.packages:
        if isinstance(package.origin, DirectoryOrigin | FileOrigin):
            yield package.origin.path


def _released(locked: LockedStage) -> tuple[str, ...]:
    targets = stage_targets(locked.stage.targets, SpecifierSet(locked.requires_python))
    minors = {each.python for each in (*targets.required, *targets.optional)}
    return tuple(map(version_text, sorted(minors, reverse=True)))


def _python_check(python: SpecifierSet) -> str:
    ranges = " or ".join(_ranges(python))
    return f"import sys\nversion = sys.version_info[:3]\nsys.exit(not ({ranges}))\n"


def _ranges(python: SpecifierSet) -> Iterator[str]:
    """Yield the ranges of releases that a specifier allows, as expressions in Python."""
    known = [(*minor, patch) for minor in MINORS for patch in range(_LAST_PATCH + 1)]
    texts = (each["python_full_version"] for each in python_environments(python))
    allowed = {tuple(map(int, text.split("."))) for text in texts}
    for is_allowed, group in groupby(known, allowed.__contains__):
        if is_allowed:
            first, *_, last = [*group] * 2
            major, minor, patch = last
            end = (major, minor + 1) if patch == _LAST_PATCH else (major, minor, patch + 1)
            upper = "" if last == known[-1] else f" < {end}"
            yield f"{first if first[-1] else first[:-1]} <= version{upper}"


def _platform_check(locked: LockedStage) -> str:
    found = [
        f"({each['sys_platform']!r}, {each['platform_machine']!r})"
        for each in map(marker_environment, locked.stage.targets.platforms)
    ]
    return (
        "import platform, sys\n"
        "is_cpython = platform.python_implementation() == 'CPython'\n"
        f"known = [{', '.join(found)}]\n"
        "sys.exit(not is_cpython or (sys.platform, platform.machine()) not in known)\n"
    )
