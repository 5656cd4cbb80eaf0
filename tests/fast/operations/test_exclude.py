"""`exclude`: packages that are left out of a stage although others require them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from poetry.utils._compat import tomllib

from memory_commands import Ended, run
from poetry_fti.operations.comparison import compare_project
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject
    from small_index import Releases

pytestmark = pytest.mark.slow

# As released in 2025, without the files for other platforms.
XGBOOST: Final[Releases] = {
    "xgboost 3.0.5": [
        "numpy",
        "nvidia-nccl-cu12; platform_system == 'Linux' and platform_machine != 'aarch64'",
        "scipy",
    ],
    "nvidia-nccl-cu12 2.31.2": [],
    "numpy 2.3.5": [],
    "scipy 1.16.3": ["numpy<2.6,>=1.25.2"],
}
GROUPS: Final = {"training": ["xgboost"], "inference": ["xgboost"]}
LINUX: Final = 'platforms = ["linux/amd64"]\n'
STAGES: Final = f"[tool.fti.stages.training]\n{LINUX}[tool.fti.stages.inference]\n{LINUX}"
WITHOUT: Final = "numpy 2.3.5, scipy 1.16.3, xgboost 3.0.5"
WITH: Final = f"numpy 2.3.5, nvidia-nccl-cu12 2.31.2, {WITHOUT[13:]}"


def excluding(*names: str) -> str:
    return f"{STAGES}exclude = {list(names)}\n"


def test_an_excluded_package_is_not_locked(demo: MemoryProject) -> None:
    demo.index.offer(XGBOOST)
    demo.write(pyproject(GROUPS, STAGES))
    demo.lock()
    assert demo.locked == {"training": WITH, "inference": WITH}
    demo.write(pyproject(GROUPS, excluding("Nvidia_NCCL-cu12")))
    results = demo.lock()
    assert results["training"].is_fresh
    assert results["inference"].warnings == ()
    assert [str(change.name) for change in results["inference"].changes] == ["nvidia-nccl-cu12"]
    assert demo.locked == {"training": WITH, "inference": WITHOUT}
    lock = demo.root / "fti/inference/poetry.lock"
    assert "nccl" not in lock.read_text(encoding="utf-8").partition("[metadata]")[0]
    metadata = tomllib.loads(lock.read_text(encoding="utf-8"))["metadata"]["fti"]
    assert metadata == {"exclude": ["nvidia-nccl-cu12"], "platforms": ["linux/amd64"]}
    comparison = compare_project(demo.load())
    assert comparison is not None
    assert (comparison.shared, comparison.divergences) == (3, ())
    demo.write(pyproject(GROUPS, STAGES))
    demo.lock()
    assert demo.locked == {"training": WITH, "inference": WITH}


def test_an_excluded_package_is_not_exported(demo: MemoryProject) -> None:
    demo.index.offer(XGBOOST)
    settings = '[tool.fti.stages.inference]\nexclude = ["nvidia-nccl-cu12"]\n'
    demo.write(pyproject({"inference": ["xgboost"]}, settings))
    demo.lock()
    assert demo.locked == {"inference": WITHOUT}
    assert run(demo, "export").code == 0
    for path in (demo.root / "fti/inference").iterdir():
        text = path.read_text(encoding="utf-8")
        assert "nccl" not in text.partition("[metadata]")[0], path


def test_an_exclusion_that_nothing_requires_is_reported(demo: MemoryProject) -> None:
    demo.index.offer(XGBOOST)
    text = f'[tool.fti.stages.inference]\nexclude = ["nvidia-nccl-cu12", "nump"]\n{LINUX}'
    demo.write(pyproject({"inference": ["xgboost"]}, text))
    assert run(demo, "lock").errors == (
        "Warning: tool.fti.stages.inference.exclude[1] has no effect: no package of inference"
        ' requires nump; did you mean "numpy"?\n'
    )
    windows = text.replace("linux", "windows").replace(', "nump"', "")
    demo.write(pyproject({"inference": ["xgboost"]}, windows))
    (warning,) = demo.lock()["inference"].warnings
    assert warning == (
        "tool.fti.stages.inference.exclude[0] has no effect: no package of inference requires"
        " nvidia-nccl-cu12"
    )


def test_what_the_project_requires_cannot_be_excluded(demo: MemoryProject) -> None:
    demo.index.offer(XGBOOST)
    settings = '[tool.fti.stages.inference]\nexclude = ["numpy", "scipy"]\n'
    demo.write(pyproject({"inference": ["xgboost", "scipy"]}, settings))
    assert run(demo, "lock", "inference") == Ended(
        2,
        "",
        "inference: tool.fti.stages.inference.exclude[1]: pyproject.toml itself requires scipy in"
        " this stage; only what other packages require can be excluded\n",
    )


def test_what_a_path_requires_is_excluded_also_from_its_extras(demo: MemoryProject) -> None:
    demo.index.offer(XGBOOST)
    library = demo.root / "libs/own"
    library.mkdir(parents=True)
    text = (
        '[project]\nname = "own"\nversion = "1"\ndependencies = ["scipy"]\n'
        '[project.optional-dependencies]\ngpu = ["nvidia-nccl-cu12"]\n'
    )
    (library / "pyproject.toml").write_text(text, encoding="utf-8")
    settings = (
        '[tool.fti.stages.inference]\nexclude = ["nvidia-nccl-cu12", "numpy"]\n'
        "[tool.poetry.group.inference.dependencies]\n"
        'own = {path = "libs/own", extras = ["gpu"]}\n'
    )
    demo.write(pyproject({"inference": []}, settings))
    for _ in range(2):
        assert demo.lock(regenerate=True)["inference"].warnings == ()
        assert demo.locked == {"inference": "own 1, scipy 1.16.3"}
        demo.write(pyproject({"inference": []}, settings.replace("exclude", f"{LINUX}exclude")))
