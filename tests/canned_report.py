"""Reports for tests: a small one, one with hostile texts, and a large one."""

from __future__ import annotations

import random
from typing import Final

from poetry_fti.checks import Finding, Transfer, Unknown
from poetry_fti.report.data import (
    Cell,
    Edge,
    History,
    ImageLayer,
    Moment,
    Move,
    Package,
    Report,
    ReportStage,
    StageDownload,
    StageImage,
    StagePoint,
)

_KINDS: Final = {"feature": "feature", "training": "training", "inference": "inference"}


def _stage(name: str, packages: int, *sizes: tuple[str, int]) -> ReportStage:
    return ReportStage(
        name=name,
        kind=_KINDS.get(name, "training"),
        python=">=3.12",
        platforms=("linux/amd64",),
        packages=packages,
        direct=1,
        alone=1,
        download=StageDownload(platform="linux/amd64", sizes=sizes),
    )


def cell(
    versions: str, size: int | None = None, *, direct: bool = False, behind: bool = False
) -> Cell:
    return Cell(versions=versions, is_direct=direct, is_behind=behind, size=size)


FINDING: Final = Finding(
    check="skew",
    level="error",
    stage="inference",
    package="numpy",
    message="What training saves with numpy 2.0, inference loads with numpy 1.0",
    because="pyproject.toml requires numpy <2",
    fix="Add a rule",
    transfer=Transfer(
        producer="training", consumer="inference", producer_version="2.0", consumer_version="1.0"
    ),
)
_LAYER: Final = ImageLayer(
    name="shared-numpy",
    holds="numpy 20 MB",
    reason="the same files in inference and training: stored and transferred once",
    size=20_000_000,
    stages=("inference", "training"),
)

SMALL: Final = Report(
    project="demo",
    stages=(
        _stage("feature", 1, ("app", 2_000)),
        _stage("training", 4, ("torch", 600_000_000), ("numpy", 20_000_000), ("app", 2_000)),
        _stage("inference", 3, ("numpy", 15_000_000), ("app", 2_000)),
    ),
    packages=(
        Package(
            name="app",
            cells={
                "feature": cell("1.0", 2_000, direct=True),
                "training": cell("1.0", 2_000),
                "inference": cell("1.0", 2_000),
            },
        ),
        Package(
            name="numpy",
            cells={
                "training": cell("2.0", 20_000_000),
                "inference": cell("1.0", 15_000_000, direct=True, behind=True),
            },
            differs=True,
            severity="error",
            reasons=("inference: pyproject.toml requires numpy <2",),
        ),
        Package(
            name="tool",
            cells={"training": cell("1.1"), "inference": cell("1.0", behind=True)},
            differs=True,
            severity="different",
        ),
        Package(name="torch", cells={"training": cell("2.5", 600_000_000, direct=True)}),
    ),
    edges=(
        Edge("", "app", "app (group feature)", ("feature",)),
        Edge("", "numpy", "numpy<2 (group inference)", ("inference",)),
        Edge("", "torch", "torch (group training)", ("training",)),
        Edge("numpy", "app", "app", ("inference", "training")),
        Edge("numpy", "tool", "tool>=1", ("inference", "training")),
        Edge("torch", "numpy", 'numpy>=1; sys_platform == "linux"', ("training",)),
    ),
    images=(
        StageImage(stage="feature", problem="The lock is not fresh."),
        StageImage(stage="training", layers=(_LAYER,)),
        StageImage(stage="inference", layers=(_LAYER,)),
    ),
    sharing="Images share packages: 20 MB in inference and training.",
    findings=(FINDING,),
    waived=1,
    unknown=(Unknown("yanked", "unknown for 1 package"),),
    history=History(
        (
            Moment(
                commit="c0ffee0000",
                date="2026-01-02",
                subject="Lock",
                stages={"training": StagePoint(packages=3, download=None)},
            ),
            Moment(
                commit="",
                date="",
                subject="",
                stages={
                    "training": StagePoint(
                        packages=4,
                        download=620_002_000,
                        moves=(Move("numpy", "1.0", "2.0"), Move("torch", "", "2.5")),
                    ),
                    "inference": StagePoint(packages=3, download=15_002_000),
                },
            ),
        )
    ),
)

HOSTILE: Final = "</script><img src=x onerror=alert(1)><!--\u202e\x1b[31m'\"&"


def large(stages: int, packages: int) -> Report:
    """Return a report on so many stages and packages, of which each stage has about a third."""
    chosen = random.Random(18)  # noqa: S311 - the same in each run
    names = [f"stage-{number:02}" for number in range(stages)]
    found, edges = [], []
    for number in range(packages):
        having = chosen.sample(names, k=chosen.randint(1, max(stages * 2 // 3, 1)))
        differs = number % 10 == 0 and len(having) > 1
        cells = {
            name: cell(f"{number % 7}.{index % 3 if differs else 1}.{number}", 1_000 * number)
            for index, name in enumerate(having)
        }
        found.append(
            Package(
                name=f"package-{number:04}",
                cells=cells,
                differs=differs,
                severity="different" if differs else "",
            )
        )
        for required in chosen.sample(range(number + 1, number + 400), k=4):
            if required < packages:
                text = f"package-{required:04}>={required}"
                edges.append(
                    Edge(f"package-{number:04}", f"package-{required:04}", text, tuple(having))
                )
    first = tuple(names)
    edges += [Edge("", f"package-{n:04}", f"package-{n:04} (group x)", first) for n in range(40)]
    return Report(
        project="large",
        stages=tuple(_stage(name, packages // 3) for name in names),
        packages=tuple(found),
        edges=tuple(edges),
    )
