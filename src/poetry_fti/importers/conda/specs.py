"""Conda's match specifications, such as `conda-forge::numpy=1.26.4=py311h64a7726_0`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

_NAME: Final = re.compile(
    r"(?:(?P<channel>[^\s=<>!~\[\]]+)::?)?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)(?P<rest>.*)",
    re.DOTALL,
)
_BRACKETS: Final = re.compile(r"\[(?P<inside>[^\]]*)\]")
_BUILD: Final = re.compile(r"(?P<version>==?[^=,\s]+|[^=<>!~,\s]+)(?:=|\s+)(?P<build>[^=\s,]+)")
_PYTHON_BUILD: Final = re.compile(r"py(?:\d|h|_|pi)|^dev_")
_KEY: Final = re.compile(r"(?P<key>\w+)\s*=\s*(?:'(?P<a>[^']*)'|\"(?P<b>[^\"]*)\"|(?P<c>[^,\]]*))")
_OPERATOR: Final = re.compile(r"(==|!=|<=|>=|~=|=|<|>)?\s*(.+)", re.DOTALL)
_RELEASE_PARTS: Final = 3


class SpecError(ValueError):
    """A text is not a match specification."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A conda package and its versions as PEP 440 specifiers.

    `versions` is None if they cannot be expressed so. `build` is empty if none is named.
    """

    name: str
    versions: str | None
    extras: tuple[str, ...] = ()
    build: str = ""

    @property
    def is_from_pypi(self) -> bool:
        """Whether `conda list --export` names a package that pip has installed."""
        return self.build.startswith("pypi")

    @property
    def is_native(self) -> bool:
        """Whether the build is one of a package without Python code, such as `h166bdaf_9`."""
        return bool(self.build) and _PYTHON_BUILD.search(self.build) is None


def parsed_spec(text: str) -> Spec:
    """Return a match specification; raises SpecError if it is none.

    `=1.26` stands for any 1.26 release. Three numbers, or a build after the version, are an exact
    version, as `conda env export` writes them.
    """
    text = text.partition("#")[0].strip()
    version, extras, rest = None, "", ""
    if brackets := _BRACKETS.search(text):
        values = {each["key"]: each for each in _KEY.finditer(brackets["inside"])}
        found = values.get("version")
        version = found["a"] or found["b"] or found["c"] if found else None
        # What conda does not know, but files have: the extras of a requirement.
        extras = "" if values else brackets["inside"]
        rest = text[brackets.end() :].strip()
        text = text[: brackets.start()].strip()
    match = _NAME.fullmatch(text)
    if match is None:
        raise SpecError(text)
    versions, build = _without_build(match["rest"].strip() or rest or version or "")
    return Spec(
        match["name"].lower(),
        _specifiers(versions, has_build=build not in ("", "*")),
        tuple(sorted(filter(None, map(str.strip, extras.split(","))))),
        build,
    )


def _specifiers(rest: str, *, has_build: bool) -> str | None:
    """Return the versions of a specification as specifiers, None if they cannot be expressed."""
    if not rest or rest == "*":
        return ""
    if "|" in rest or "(" in rest:
        return None
    parts = [_specifier(part.strip(), has_build=has_build) for part in rest.split(",")]
    if None in parts:
        return None
    try:
        return str(SpecifierSet(",".join(filter(None, parts))))
    except InvalidSpecifier:
        return None


def _without_build(rest: str) -> tuple[str, str]:
    """Return the versions and the build of a specification such as `=1.26.4=py311_0`."""
    found = _BUILD.fullmatch(rest)
    return (found["version"], found["build"]) if found else (rest, "")


def _specifier(part: str, *, has_build: bool) -> str | None:
    match = _OPERATOR.fullmatch(part)
    if match is None:
        return "" if part == "" else None
    operator, version = match[1] or "=", match[2].strip()
    if version == "*":
        return ""
    is_fuzzy = version.endswith("*")
    version = version.rstrip("*").rstrip(".") if is_fuzzy else version
    try:
        read = Version(version)
    except InvalidVersion:
        return None
    if operator not in {"=", "=="}:
        return f"{operator}{version}{'.*' if is_fuzzy and operator == '!=' else ''}"
    is_exact = not is_fuzzy and (
        operator == "==" or has_build or len(read.release) >= _RELEASE_PARTS or read.is_prerelease
    )
    return f"=={version}" if is_exact else f"=={version}.*"
