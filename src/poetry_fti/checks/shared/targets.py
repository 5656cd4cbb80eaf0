"""The targets of a stage, and the packages that have no wheel for some of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from poetry_fti.model.platforms import PLATFORMS
from poetry_fti.targets import Target, stage_targets, version_text
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry_fti.checks.shared.facts import CheckedStage
    from poetry_fti.model.lock import LockedPackage
    from poetry_fti.model.platforms import Targets
    from poetry_fti.targets import StageTargets

# Variables of markers whose values on a target are not known: a marker's default environment would
# have those of the machine that runs the check.
_UNKNOWN: Final = {"platform_release": "", "platform_version": "", "extra": ""}


@dataclass(frozen=True, slots=True)
class Lack:
    """A package without a wheel for some targets.

    `is_source` is whether the lock has a source distribution of the package, which can be installed
    everywhere, and `is_everywhere` whether no target of the stage has a wheel.
    """

    package: LockedPackage
    targets: tuple[Target, ...]
    is_source: bool
    is_everywhere: bool

    @property
    def where(self) -> str:
        """The targets as a phrase, such as ` for Python 3.12 on linux/arm64`; may be empty."""
        return "" if self.is_everywhere else f" for {targets_text(self.targets)}"


def targets_of(stage: CheckedStage, targets: Targets | None = None) -> StageTargets:
    """Return the targets of a stage, or others with the Pythons of the stage."""
    return stage_targets(targets or stage.stage.targets, SpecifierSet(stage.python))


def lacks(stage: CheckedStage, where: StageTargets) -> Iterator[Lack]:
    """Yield the packages without a wheel for some of the required targets where they apply.

    Packages without files in the lock, such as those from git, are left out.
    """
    for package in stage.packages:
        files = stage.files(package)
        wheels = [file.name for file in files if file.is_wheel]
        lacking = where.lacking(wheels) if files else []
        needed = tuple(each for each in lacking if applies(package, each))
        if needed:
            yield Lack(
                package,
                needed,
                is_source=len(wheels) < len(files),
                is_everywhere=len(lacking) == len(where.required),
            )


def applies(package: LockedPackage, target: Target) -> bool:
    """Return whether a target installs a package; one for any platform, whether one of them does.

    An early or a late patch release of Python is enough.
    """
    return package.marker is None or _is_true(str(package.marker), target)


@lru_cache(8192)
def _is_true(marker: str, target: Target) -> bool:
    parsed = Marker(marker)
    targets = [target] if target.platform else [Target(each, target.python) for each in PLATFORMS]
    return any(
        parsed.evaluate({**_UNKNOWN, **environment})
        for each in targets
        for environment in each.environments()
    )


def targets_text(targets: Iterable[Target]) -> str:
    """Return targets as text, those with the same Pythons together."""
    pythons: defaultdict[str, list[str]] = defaultdict(list)
    for target in targets:
        pythons[str(target.platform or "")].append(version_text(target.python))
    platforms: defaultdict[str, list[str]] = defaultdict(list)
    for platform, versions in pythons.items():
        platforms[joined(versions)].append(platform)
    return ", ".join(
        f"Python {found} on {joined(each)}" if any(each) else f"Python {found}"
        for found, each in platforms.items()
    )
