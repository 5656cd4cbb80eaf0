"""Check `base-image`: the base image of a stage is pinned, and fits the stage's lock."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from poetry_fti.base_images import MUSL, base_libc, image_tag, is_alpine, lacks_compiler
from poetry_fti.checks import Check, Finding
from poetry_fti.checks.shared.images import has_image, image_targets, is_own_base
from poetry_fti.checks.shared.packages import named, required, sole
from poetry_fti.checks.shared.targets import lacks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from poetry_fti.checks.shared.facts import CheckedProject, CheckedStage
    from poetry_fti.checks.shared.targets import Lack
    from poetry_fti.model.lock import LockedPackage
    from poetry_fti.model.platforms import Libc

_OFFICIAL_PYTHON: Final = re.compile(r"(docker\.io/|(.*/)?library/)?python(:|$)")
_MINOR: Final = re.compile(r"\d+\.\d+")


def _find(project: CheckedProject) -> Iterator[Finding]:
    for stage in project.stages:
        if has_image(stage) and not is_own_base(stage):
            yield from _unpinned(stage)
            base = stage.stage.image.base
            libc = base_libc(base) if base else None
            newer = _needing_newer(stage, libc) if libc else []
            if base and libc and newer:
                yield _too_old(stage, base, libc, newer)
            yield from _without_compiler(stage)


def _unpinned(stage: CheckedStage) -> Iterator[Finding]:
    base = stage.stage.image.base
    if base is None or "@" in base:
        return
    tag = image_tag(base)
    if tag in ("", "latest"):
        problem = "has no tag" if not tag else "has the tag latest"
    elif _OFFICIAL_PYTHON.match(base) and not _MINOR.match(tag):
        problem = "does not name a minor version of Python"
    else:
        return
    yield Finding(
        check="base-image",
        level="warning",
        stage=stage.name,
        message=f"the base image {base} {problem}, so a later build may use another image",
        fix="Name a version, such as python:3.12-slim-bookworm, or a digest",
        path=stage.stage.image_key("base"),
    )


def _needing_newer(stage: CheckedStage, libc: Libc) -> list[Lack]:
    """Return the packages without a wheel for the C library of the base, though with others."""
    anyway = {each.package.name for each in lacks(stage, image_targets(stage))}
    found = lacks(stage, image_targets(stage, libc))
    return _in_order(each for each in found if each.package.name not in anyway)


def _too_old(stage: CheckedStage, base: str, libc: Libc, lacking: Sequence[Lack]) -> Finding:
    found = [each.package for each in lacking]
    is_one = len(found) == 1
    if libc == MUSL:
        what = "musl"
        problem = "has no wheel for it" if is_one else "have no wheels for it"
        fix = "Choose a base image with glibc, such as python:3.12-slim-bookworm"
    else:
        what = f"glibc {_text(libc.version)}"
        needed = _text(max(filter(None, (_needed(stage, each) for each in found)), default=None))
        problem = f"{'needs' if is_one else 'need up to'} glibc {needed}"
        fix = f"Choose a base image with glibc {needed} or newer"
        if stage.stage.targets.platforms:
            fix = f'{fix}, or set `libc` of {stage.path} to "{libc}" and lock again'
    is_built = all(each.is_source for each in lacking) and not stage.stage.no_build
    built = f"; {'it is' if is_one else 'they are'} built from source instead" if is_built else ""
    return Finding(
        check="base-image",
        level="warning" if is_built else "error",
        stage=stage.name,
        package=sole(found),
        message=f"the base image {base} has {what}, but {named(found)} {problem}{built}",
        because=required(stage, found[0].name),
        fix=fix,
        path=stage.stage.image_key("base"),
    )


def _needed(stage: CheckedStage, package: LockedPackage) -> tuple[int, int] | None:
    """Return the oldest glibc that the wheels of a package for the image can be installed with."""
    where = image_targets(stage)
    wheels = [each.name for each in stage.files(package) if each.is_wheel]
    versions = (where.needed_system(wheels, each) for each in where.platforms if each)
    return max(filter(None, versions), default=None)


def _without_compiler(stage: CheckedStage) -> Iterator[Finding]:
    image = stage.stage.image
    if not lacks_compiler(image) or stage.stage.no_build:
        return
    lacking = _in_order(lacks(stage, image_targets(stage)))
    found = [e.package for e in lacking if e.is_source and _is_compiled(stage, e.package)]
    if not found:
        return
    verb = "is" if len(found) == 1 else "are"
    base = f"the base image {image.base}" if image.base else "the default base image"
    key = stage.stage.image_key("apt" if image.python else "build-apt")
    added = f'Add a compiler to {key}, such as ["gcc", "libc6-dev"]'
    if image.base and is_alpine(image.base):
        added = "Choose a base image with a compiler"
    yield Finding(
        check="base-image",
        level="warning",
        stage=stage.name,
        package=sole(found),
        message=f"{named(found)} {verb} built from source, but {base} has no compiler",
        because=required(stage, found[0].name),
        fix=f"{added}, or choose versions with wheels",
        path=stage.stage.image_key("base") if image.base else stage.path,
    )


def _is_compiled(stage: CheckedStage, package: LockedPackage) -> bool:
    """Return whether a package has wheels for certain platforms, and so needs a compiler."""
    names = (each.name for each in stage.files(package) if each.is_wheel)
    return any(not name.endswith("-any.whl") for name in names)


def _in_order(found: Iterable[Lack]) -> list[Lack]:
    return sorted(found, key=lambda each: (each.package.name, each.package.version))


def _text(version: tuple[int, int] | None) -> str:
    return ".".join(map(str, version or ()))


CHECK: Final = Check(
    _find,
    "the base image is pinned, and has the C library and the compilers that the packages need",
    "The name of a base image shows problems before the image is built. A base image without a"
    " tag, with the tag latest, or of Python without a minor version changes with its next"
    " release. A wheel that needs a newer glibc than that of the Debian, Ubuntu or UBI release is"
    " not installed: the package is built from source, or the installation fails. The same applies"
    " to wheels for glibc on Alpine. Slim images and Alpine have no compiler, which a package"
    " without a wheel for the image needs. A package counts as compiled if it has wheels for other"
    " platforms.\n\nThe check does not judge base images from `dockerfile`, nor the C library of"
    " those whose name does not contain a release, nor compilers if `template` is set, or if"
    " `apt`, `build-apt` or `run-before` names one.\n\nName a release, such as"
    " python:3.12-slim-bookworm, or add a compiler to `build-apt`.",
)
