"""Requirements whose markers depend on extras of the project, with and without these extras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from memory_commands import run
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

pytestmark = pytest.mark.slow

CLASSIC: Final = """\
[tool.poetry]
name = "twin"
version = "0.1.0"
package-mode = false
[tool.poetry.dependencies]
python = ">=3.11,<3.13"
[tool.poetry.group.train_model.dependencies]
lib = {{ version = "1.*", markers = "extra!='cpu'" }}
[tool.poetry.group.inference.dependencies]
lib = {{ version = "1.*", markers = "extra=='cpu' and sys_platform == 'linux'" }}
[tool.poetry.extras]
cpu = []
[tool.fti.stages.train_model]
kind = "training"
{training}
[tool.fti.stages.inference]
platforms = ["linux/amd64"]
{inference}
"""
WARNING: Final = (
    "Warning: inference does not install lib: pyproject.toml requires it only with the extra"
    ' "cpu" of the project. Add extras = ["cpu"] to [tool.fti.stages.inference], or remove the'
    " requirement from this stage.\n"
)


@pytest.mark.parametrize(
    ("training", "inference", "warnings", "exported"),
    [
        ("", "", WARNING, {"train_model"}),
        ("", 'extras = ["CPU"]', "", {"train_model", "inference"}),
        ('extras = ["cpu"]', 'extras = ["cpu"]', "", {"inference"}),
    ],
)
def test_a_requirement_with_an_extra_is_exported_or_reported(
    demo: MemoryProject, training: str, inference: str, warnings: str, exported: set[str]
) -> None:
    demo.index.offer({"lib 1.0": []})
    demo.write(CLASSIC.format(training=training, inference=inference))
    assert run(demo, "lock").errors == warnings
    assert run(demo, "lock", "--check").errors == warnings
    assert run(demo, "export", "--format", "requirements").errors == warnings
    files = {each.parent.name: each.read_text() for each in demo.root.glob("fti/*/*.txt")}
    assert {stage for stage, text in files.items() if "lib==1.0" in text} == exported


def test_a_package_that_is_required_otherwise_too_is_not_reported(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [], "app 1.0": []})
    extras = '[project.optional-dependencies]\nfast = ["app"]\nslim = []\n'
    text = pyproject(
        {
            "training": ["lib", "lib>=1; extra == 'fast'"],
            "inference": ["app; extra == 'fast' or extra == 'slim'", "lib; os_name == 'x'"],
        },
        f"{extras}[tool.fti.stages.inference]\nextras = []\n",
    )
    demo.write(text)
    assert run(demo, "lock").errors == (
        "Warning: inference does not install app: pyproject.toml requires it only with the extra"
        ' "fast" or "slim" of the project. Add extras = ["fast"] to [tool.fti.stages.inference],'
        " or remove the requirement from this stage.\n"
    )
    demo.write(text.replace("extras = []", 'extras = ["slim"]'))
    assert run(demo, "lock").errors == ""
    assert demo.locked["inference"] == "app 1.0, lib 1.0"
