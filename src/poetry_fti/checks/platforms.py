"""Check `platforms`: each locked package has a wheel for each target of its stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.checks import Check, Finding
from poetry_fti.checks.shared.packages import required
from poetry_fti.checks.shared.targets import lacks, targets_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.checks.shared.facts import CheckedProject, CheckedStage
    from poetry_fti.checks.shared.targets import Lack

# Packages of Python or Java code that are published without wheels. Every installation builds them,
# without a compiler.
_NEVER_COMPILED: Final = frozenset(
    (
        "antlr4-python3-runtime",
        "docopt",
        "langdetect",
        "pyspark",
        "rouge-score",
        "sgmllib3k",
        "sqlitedict",
    )
)


def _find(project: CheckedProject) -> Iterator[Finding]:
    for stage in project.stages:
        found = lacks(stage, targets_of(stage))
        for lack in sorted(found, key=lambda each: (each.package.name, each.package.version)):
            if stage.stage.no_build or lack.package.name not in _NEVER_COMPILED:
                yield _finding(stage, lack)


def _finding(stage: CheckedStage, lack: Lack) -> Finding:
    what = f"{lack.package.name} {lack.package.version}"
    is_built = lack.is_source and not stage.stage.no_build
    # A stage without `platforms` may allow a Python on which nobody runs it.
    is_possible = lack.is_everywhere or bool(stage.stage.targets.platforms)
    if is_built:
        message = f"{what} has no wheel{lack.where}: it is built from source when it is installed"
        fix = "Choose a version that has one, or make sure that its build works"
        if lack.where:
            fix = (
                "Choose a version that has one, make sure that its build works, or leave these"
                f" targets out with `platforms` or `python` of {stage.path}"
            )
    elif lack.is_source:
        message = f"{what} has no wheel{lack.where}, and `no-build` excludes building it"
        fix = "Choose a version that has one, or remove `no-build`"
    else:
        there = " there" if lack.where else ""
        message = f"{what} has no file{lack.where}: it cannot be installed{there}"
        fix = "Choose another version, or change the stage's `platforms` or `python`"
    return Finding(
        check="platforms",
        level="warning" if is_built or not is_possible else "error",
        stage=stage.name,
        package=lack.package.name,
        message=message,
        because=required(stage, lack.package.name),
        fix=fix,
        path=stage.path,
    )


CHECK: Final = Check(
    _find,
    "each locked package has a wheel for each platform and Python of its stage",
    "A package without a wheel for a target is built from source when it is installed there. That"
    " takes time and needs a compiler and libraries, which slim images and notebooks lack; without"
    " a source distribution, or with `no-build`, the installation fails. The file names in the lock"
    " are compared with `platforms`, `libc`, `macos` and `python` of the stage; no container is"
    " started. In a stage without `platforms`, a wheel for any platform is enough. Packages from"
    " git and from folders are always built, and are not reported. Neither are a few packages that"
    " are published as source only, but need no compiler, such as pyspark.\n\nChoose another"
    " version, or provide what the build needs: in images, `build-apt` installs compilers.",
)
