"""Small edits of a project, and which files and images of which stages change with them."""

from __future__ import annotations

import shutil
from functools import reduce
from typing import TYPE_CHECKING, Final

import pytest

from cases import ALL
from poetry_fti.operations.export import ExportRequest, render, write
from poetry_fti.operations.images.build import Builder, build_jobs, render_images
from poetry_fti.operations.listing import list_stages
from poetry_fti.ports.container_engine import ContainerEngine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from memory_index import MemoryProject
    from small_index import Releases

pytestmark = pytest.mark.slow

RELEASES: Final[Releases] = {
    **{f"{name} 1.0": [] for name in ("app", "core", "fast", "lint", "test", "track", "util")},
    "app 2.0": ["core"],
    "docs 1.0": [],
}
CORP: Final[Releases] = {"corp 1.0": [], "app 3.0": [], "test 1.0": []}
TRAINING: Final = """\
[tool.fti.stages.training]
platforms = ["linux/amd64"]
extras = ["fast"]
"""
INFERENCE: Final = """\
[tool.fti.stages.inference]
python = ">=3.12"
"""
DETAILS: Final = "[tool.poetry.group.training.dependencies]"
PROJECT: Final = f"""\
[project]
name = "credit"
version = "1.0"
description = "Scores"
readme = "README.md"
authors = [{{ name = "Ada" }}]
requires-python = ">=3.11"
dependencies = ["core", "util"]
urls = {{ home = "https://example.com" }}
scripts = {{ credit = "credit:main" }}

[project.optional-dependencies]
fast = ["fast"]
docs = ["docs"]

[dependency-groups]
feature = ["app<2"]
training = ["app", "corp", {{ include-group = "tracking" }}]
tracking = ["track"]
inference = ["app"]
dev = ["test"]
lint = ["lint"]

[tool.fti.stages.feature]
dev-groups = ["dev"]
env = {{ LEVEL = "info" }}
{TRAINING}{INFERENCE}[tool.fti.stages.inference.image]
command = ["serve"]

[tool.poetry]
packages = [{{ include = "credit" }}]
{DETAILS}
corp = {{ source = "corp" }}
[[tool.poetry.source]]
name = "corp"
url = "https://corp.example/simple"
priority = "explicit"

[tool.ruff]
line-length = 100
"""
FILES: Final = {
    "pyproject.toml": PROJECT,
    "README.md": "# Credit\n",
    "credit/__init__.py": "",
    "tests/test_credit.py": "",
}
OTHER_SOURCE: Final = """\
[[tool.poetry.source]]
name = "other"
url = "https://corp.example/simple"
priority = "explicit"
"""

# What is replaced in pyproject.toml by what, and what changes then: files of the stages, and of
# their images the tags and the digests of the inputs.
EDITS: Final[Mapping[str, tuple[str, str, str]]] = {
    # What no stage depends on
    "a comment": ("[dependency-groups]", "[dependency-groups]  # of stages", ""),
    "white space": ('["core", "util"]', '[\n    "core",\n    "util",\n]', ""),
    "line ends": ("\n", "\r\n", ""),
    "the version": ('version = "1.0"', 'version = "1.1"', ""),
    "the description": ('"Scores"', '"Scores of credits"', ""),
    "the authors": ('"Ada"', '"Grace"', ""),
    "the URLs": ("https://example.com", "https://example.org", ""),
    "the scripts": ('"credit:main"', '"credit:run"', ""),
    "another tool": ("line-length = 100", "line-length = 99", ""),
    "an extra that no stage selects": ('docs = ["docs"]', 'docs = ["docs", "core"]', ""),
    "a new extra": ('docs = ["docs"]', 'docs = ["docs"]\nmore = ["app"]', ""),
    "a group that no stage has": ('lint = ["lint"]', 'lint = ["lint", "docs"]', ""),
    "a new group": ('lint = ["lint"]', 'lint = ["lint"]\nmore = ["app"]', ""),
    "isolation": (
        "[tool.fti.stages.feature]",
        "[tool.fti]\nisolated = true\n[tool.fti.stages.feature]",
        "",
    ),
    # An order without a meaning
    "the order of common requirements": ('["core", "util"]', '["util", "core"]', ""),
    "the order of own requirements": ('"app", "corp", {', '"corp", "app", {', ""),
    "an include before requirements": (
        '"app", "corp", { include-group = "tracking" }',
        '{ include-group = "tracking" }, "app", "corp"',
        "",
    ),
    "the order of groups": (
        'dev = ["test"]\nlint = ["lint"]',
        'lint = ["lint"]\ndev = ["test"]',
        "",
    ),
    "the order of extras": (
        'fast = ["fast"]\ndocs = ["docs"]',
        'docs = ["docs"]\nfast = ["fast"]',
        "",
    ),
    "the order of keys": (
        'platforms = ["linux/amd64"]\nextras = ["fast"]',
        'extras = ["fast"]\nplatforms = ["linux/amd64"]',
        "",
    ),
    "the order of stages": (
        f"{TRAINING}{INFERENCE}",
        f"{INFERENCE}{TRAINING}",
        "",
    ),
    # Sources
    "an explicit source before others": (
        "[[tool.poetry.source]]",
        f"{OTHER_SOURCE.replace('other', 'more')}[[tool.poetry.source]]",
        "",
    ),
    "a new explicit source": ("[tool.ruff]", f"{OTHER_SOURCE}[tool.ruff]", ""),
    "a source of a group that no stage has": (
        DETAILS,
        f'[tool.poetry.group.lint.dependencies]\nlint = {{ source = "corp" }}\n{DETAILS}',
        "",
    ),
    "the name of an explicit source": (
        '= "corp"',
        '= "renamed"',
        "training: lock pyproject",
    ),
    "the URL of an explicit source": (
        "corp.example",
        "mirror.example",
        "training: lock pyproject requirements own pylock inputs tag",
    ),
    "a source for a stage": (
        DETAILS,
        f'[tool.poetry.group.inference.dependencies]\napp = {{ source = "corp" }}\n{DETAILS}',
        "inference: lock pyproject requirements own pylock Dockerfile inputs tag; bake",
    ),
    "a source for a dev group": (
        DETAILS,
        f'[tool.poetry.group.dev.dependencies]\ntest = {{ source = "corp" }}\n{DETAILS}',
        "feature: lock pyproject",
    ),
    "a new supplemental source": (
        "[tool.ruff]",
        f"{OTHER_SOURCE.replace('explicit', 'supplemental')}[tool.ruff]",
        "all: lock pyproject",
    ),
    # What belongs to one stage
    "a dev group's requirement": (
        'dev = ["test"]',
        'dev = ["test", "lint"]',
        "feature: lock pyproject",
    ),
    "a further dev group": (
        'dev-groups = ["dev"]',
        'dev-groups = ["dev", "lint"]',
        "feature: lock pyproject",
    ),
    "no dev group": (
        'dev-groups = ["dev"]\n',
        "",
        "feature: lock pyproject",
    ),
    "an own requirement": (
        'inference = ["app"]',
        'inference = ["app", "lint"]',
        "inference: lock pyproject requirements own pylock inputs tag",
    ),
    "an included group's requirement": (
        '["track"]',
        '["track", "lint"]',
        "training: lock pyproject requirements own pylock inputs tag",
    ),
    "a selected extra's requirement": (
        'fast = ["fast"]',
        'fast = ["fast", "lint"]',
        "training: lock pyproject requirements own pylock inputs tag",
    ),
    "a constraint that changes no version": (
        'inference = ["app"]',
        'inference = ["app>=1"]',
        "inference: lock pyproject",
    ),
    "the platforms": (
        '["linux/amd64"]',
        '["linux/amd64", "linux/arm64"]',
        "training: lock pylock Dockerfile inputs tag; bake",
    ),
    "the Python": (
        'python = ">=3.12"',
        'python = ">=3.13"',
        "inference: lock pyproject pylock Dockerfile inputs tag",
    ),
    "a variable": ('LEVEL = "info"', 'LEVEL = "debug"', "feature: Dockerfile inputs tag"),
    "the command": ('["serve"]', '["serve", "--fast"]', "inference: Dockerfile inputs tag"),
    "an override": (
        'extras = ["fast"]',
        'extras = ["fast"]\noverrides = { app = "<3" }',
        "training: lock",
    ),
    "a new stage": (
        TRAINING,
        f'[tool.fti.stages.batch]\nkind = "inference"\ngroups = ["inference"]\n{TRAINING}',
        "batch: lock pyproject requirements own pylock Dockerfile dockerignore inputs tag; bake",
    ),
    # What belongs to several stages
    "a rule that holds": (
        "[tool.poetry]",
        '[[tool.fti.align]]\nstages = ["training", "feature"]\npackages = ["core"]\n[tool.poetry]',
        "feature, training: lock",
    ),
    "a common requirement": (
        '["core", "util"]',
        '["core", "util", "lint"]',
        "all: lock pyproject requirements own pylock inputs tag",
    ),
    "the project's Python": (
        'requires-python = ">=3.11"',
        'requires-python = ">=3.11,<4"',
        "feature, training: lock pyproject pylock",
    ),
    "the project's name": (
        'name = "credit"',
        'name = "score"',
        "all: pyproject requirements tag; bake",
    ),
    "constraints on builds": (
        "[tool.poetry.group",
        '[tool.poetry.build-constraints]\nfast = { core = "<2" }\n[tool.poetry.group',
        "training: pyproject",
    ),
}
# The new content of other files.
OTHER_FILES: Final[Sequence[tuple[Mapping[str, str], str]]] = (
    ({"credit/__init__.py": "print()\n"}, "all: inputs tag"),
    ({"credit/new.py": ""}, "all: inputs tag"),
    ({"tests/test_credit.py": "print()\n", "README.md": "# Credits\n", "NOTES.md": ""}, ""),
)
FEW: Final = ("a further dev group",)
FORMATS: Final = ("requirements", "pylock", "dockerfile", "bake", "pyproject")
WORDS: Final = {
    "poetry.lock": "lock",
    "pyproject.toml": "pyproject",
    "requirements.txt": "requirements",
    "requirements.own.txt": "own",
    "pylock": "pylock",
    "Dockerfile": "Dockerfile",
    "Dockerfile.dockerignore": "dockerignore",
    "inputs": "inputs",
    "tag": "tag",
}
ENGINE: Final = ContainerEngine(program="docker", platform="linux/amd64", can_bake=True)


@pytest.mark.sampled
def test_only_what_counts_for_a_stage_changes_it(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    for host in ("corp.example", "mirror.example"):
        demo.index.offer(CORP, host)
    write_files(demo.root, FILES)
    before = outcome(demo)
    names = EDITS if ALL else FEW
    without_effect = [name for name in names if not EDITS[name][2]]
    batches = [*combined(without_effect), *([name] for name in names if EDITS[name][2])]
    for batch in batches:
        edited = {"pyproject.toml": reduce(edit, batch, PROJECT)}
        found = changes(before, edited_outcome(demo, edited, before))
        assert found == EDITS[batch[0]][2], batch
    for files, expected in OTHER_FILES if ALL else ():
        assert changes(before, edited_outcome(demo, files, before)) == expected, files


def edit(text: str, name: str) -> str:
    """Return the pyproject.toml with one more edit."""
    old, new, _ = EDITS[name]
    assert old in text
    return text.replace(old, new)


def combined(names: Iterable[str]) -> list[list[str]]:
    """Return edits in as few batches as possible: some change the same lines."""
    batches: list[list[str]] = []
    for name in names:
        for batch in batches:
            if EDITS[name][0] in reduce(edit, batch, PROJECT):
                batch.append(name)
                break
        else:
            batches.append([name])
    return batches


def edited_outcome(
    demo: MemoryProject, edited: Mapping[str, str], before: Mapping[str, str]
) -> dict[str, str]:
    """Return the outcome of an edit, which is undone."""
    write_files(demo.root, edited)
    after = outcome(demo)
    shutil.rmtree(demo.root / "fti")
    for name in edited:
        (demo.root / name).unlink()
    files = {name: text for name, text in before.items() if name.startswith("fti/")}
    write_files(demo.root, {**FILES, **files})
    return after


def outcome(demo: MemoryProject) -> dict[str, str]:
    """Lock and export; return the text of each file, and what identifies each image."""
    stale = {each.stage.name for each in list_stages(demo.load()) if each.lock != "fresh"}
    results = demo.lock()
    assert not [result.error for result in results.values() if result.error]
    assert stale == {name for name, result in results.items() if not result.is_fresh}
    project = demo.load()
    write(project, render(project, ExportRequest(stages=project.stages, formats=FORMATS)))
    builder = Builder(engine=ENGINE, platforms=(), push=False)
    images: dict[str, str] = {}
    for job in build_jobs(project, render_images(project, [], builder), builder):
        images |= {f"/{job.stage}/tag": " ".join(job.tags), f"/{job.stage}/inputs": job.inputs[1]}
    files = {
        path.relative_to(demo.root).as_posix(): path.read_text(encoding="utf-8")
        for path in (demo.root / "fti").rglob("*")
        if path.is_file()
    }
    return {**files, **images}


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Return what changes: `training: lock tag; bake`."""
    changed = {name for name in {**before, **after} if before.get(name) != after.get(name)}
    by_stage: dict[str, set[str]] = {}
    for name in changed - {"fti/docker-bake.json"}:
        _, stage, file = name.split("/")
        by_stage.setdefault(stage, set()).add("pylock" if file.startswith("pylock") else file)
    stages: dict[str, list[str]] = {}
    for stage, files in sorted(by_stage.items()):
        assert WORDS.keys() >= files
        words = " ".join(word for file, word in WORDS.items() if file in files)
        stages.setdefault(words, []).append(stage)
    parts = [f"{_names(names)}: {words}" for words, names in stages.items()]
    return "; ".join([*parts, *(["bake"] if "fti/docker-bake.json" in changed else [])])


def _names(stages: Sequence[str]) -> str:
    return "all" if stages == ["feature", "inference", "training"] else ", ".join(stages)


def write_files(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
