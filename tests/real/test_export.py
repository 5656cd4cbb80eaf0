"""`poetry fti export` against Poetry's own export plugin, and its ways to compare and print."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest
from packaging.requirements import Requirement

from harness import Poetry, snapshot
from loopback.clients import isolated_environment
from poetry_fti.model.formats import FORMATS
from poetry_fti.model.platforms import PLATFORMS
from poetry_fti.targets import marker_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

pytestmark = pytest.mark.newest_only

READ_BY_PIP: Final = "azureml, bentoml, conda, constraints, mlflow, ray and requirements"
ENVIRONMENTS = [
    {
        **marker_environment(platform),
        "python_version": f"3.{minor}",
        "python_full_version": f"3.{minor}.4",
    }
    for platform in PLATFORMS
    for minor in (11, 12, 13)
]


def installed_where(text: str) -> dict[str, tuple[frozenset[str], tuple[bool, ...]]]:
    """Return, for each pinned package of a requirements file, its hashes and where it goes."""
    joined = text.replace("\\\n", " ").splitlines()
    found = {}
    for line in joined:
        if line and not line.lstrip().startswith(("#", "-")):
            requirement, *hashes = line.split(" --hash=")
            parsed = Requirement(requirement.strip())
            where = tuple(
                parsed.marker is None or parsed.marker.evaluate(dict(environment))
                for environment in ENVIRONMENTS
            )
            found[f"{parsed.name}{parsed.specifier}"] = frozenset(map(str.strip, hashes)), where
    return found


def test_requirements_are_those_of_poetrys_own_export(
    project: Callable[[str], Path], poetry: Poetry
) -> None:
    root = project("tabular")
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    # They require most packages, with markers and extras as the others have.
    small = re.sub(', "great-expectations"|"mlflow"', "", text)
    pyproject.write_text(small, encoding="utf-8")
    poetry.ok(root, "fti", "lock", "--no-align")
    poetry.ok(root, "fti", "export", "-f", "pyproject", "-f", "requirements")
    for stage in ("training", "feature", "inference"):
        folder = root / "fti" / stage
        reference = poetry.ok(folder, "export", "--with", stage)
        ours = (folder / "requirements.txt").read_text()
        assert installed_where(ours) == installed_where(reference)


def test_narrowed_requirements_install_the_same_on_the_stages_targets(
    project: Callable[[str], Path], poetry: Poetry
) -> None:
    root = project("tabular")
    everywhere = export_training(poetry, root, "")
    narrowed = export_training(poetry, root, 'platforms = ["linux/arm64"]\npython = "==3.12.*"')
    target = next(
        index
        for index, environment in enumerate(ENVIRONMENTS)
        if (environment["python_version"], environment["platform_machine"]) == ("3.12", "aarch64")
    )
    assert narrowed.keys() == {name for name, (_, where) in everywhere.items() if where[target]}
    assert all(all(where) for _, where in narrowed.values()), "no marker is left"
    assert all(hashes <= everywhere[name][0] for name, (hashes, _) in narrowed.items())
    assert sum(len(hashes) for hashes, _ in narrowed.values()) < 300
    assert sum(len(hashes) for hashes, _ in everywhere.values()) > 1000


def export_training(
    poetry: Poetry, root: Path, settings: str
) -> dict[str, tuple[frozenset[str], tuple[bool, ...]]]:
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text().partition("\n[tool.fti.stages.training]")[0]
    pyproject.write_text(f"{text}\n[tool.fti.stages.training]\n{settings}\n")
    poetry.ok(root, "fti", "lock", "training")
    return installed_where(
        poetry.ok(root, "fti", "export", "training", "-f", "requirements", "--stdout")
    )


def changed(root: Path, before: dict[str, bytes]) -> Iterable[str]:
    after = snapshot(root)
    return sorted(
        name for name in after.keys() | before.keys() if after.get(name) != before.get(name)
    )


def test_check_tells_what_differs_and_changes_nothing(locked_tiny: Path, poetry: Poetry) -> None:
    root = locked_tiny
    formats = ("-f", "constraints", "-f", "pylock")
    missing = poetry(root, "fti", "export", "feature", "--check", *formats)
    assert missing.code == 3
    assert missing.output == (
        "missing   fti/feature/constraints.txt\nmissing   fti/feature/pylock.feature.toml\n"
    )
    assert missing.errors == (
        "2 files not up to date. Run `poetry fti export` with the same options.\n"
    )

    poetry.ok(root, "fti", "export", "feature", *formats)
    assert poetry.ok(root, "fti", "export", "feature", "--check", *formats) == (
        "2 files checked: all up to date.\n"
    )

    constraints = root / "fti" / "feature" / "constraints.txt"
    text = constraints.read_text()
    constraints.write_text(text.replace("alpha==1.5", "alpha==1.0"))
    before = snapshot(root)
    result = poetry(root, "fti", "export", "feature", "--check", *formats)
    assert (result.code, result.errors) == (
        3,
        "1 file not up to date. Run `poetry fti export` with the same options.\n",
    )
    assert result.output == "outdated  fti/feature/constraints.txt\n"
    verbose = poetry(root, "fti", "export", "feature", "--check", "-v", *formats)
    assert "-alpha==1.0\n+alpha==1.5\n" in verbose.output
    assert not changed(root, before)
    assert poetry.ok(root, "fti", "export", "feature", *formats) == (
        "wrote     fti/feature/constraints.txt\nunchanged fti/feature/pylock.feature.toml\n"
    )
    assert constraints.read_text() == text


def test_a_dockerfile_follows_its_template(locked_tiny: Path, poetry: Poetry) -> None:
    pyproject = locked_tiny / "pyproject.toml"
    table = "[tool.fti.stages.inference.image]\n"
    text = pyproject.read_text(encoding="utf-8")
    pyproject.write_text(text.replace(table, f'{table}template = "own/x"\n'), encoding="utf-8")
    words = ("fti", "export", "inference", "-f", "dockerfile")
    missing = poetry(locked_tiny, *words)
    assert (missing.code, missing.errors) == (
        2,
        (
            'tool.fti.stages.inference.image.template: the file "own/x" does not exist.'
            " Create it or remove the key.\n"
        ),
    )

    template = locked_tiny / "own" / "x"
    template.parent.mkdir()
    template.write_text("# fti: builder\nFROM scratch\n# fti: code\n", encoding="utf-8")
    poetry.ok(locked_tiny, *words)
    written = locked_tiny / "fti" / "inference" / "Dockerfile"
    made_of = (
        "COPY --link src/tiny /layer/app/src/tiny\nFROM scratch\nCOPY --link --from=code /layer /\n"
    )
    assert written.read_text(encoding="utf-8").endswith(made_of)
    poetry.ok(locked_tiny, *words, "--check")

    template.write_text("# fti: builder\nFROM scratch\n\n# fti: code\n", encoding="utf-8")
    assert poetry(locked_tiny, *words, "--check").code == 3


def test_checks_need_no_index(locked_tiny: Path, poetry: Poetry, tmp_path: Path) -> None:
    root = locked_tiny
    for words in (("export",), ("export", "--merged")):
        poetry.ok(root, "fti", *words)
    # Nothing listens on this port, and nothing is in this cache.
    nowhere = Poetry(isolated_environment(tmp_path / "offline", "http://127.0.0.1:9/"))
    assert nowhere.ok(root, "fti", "lock", "--check") == "3 locks checked: all fresh.\n"
    assert nowhere.ok(root, "fti", "lock").startswith("feature: fresh, 3 packages\n")
    assert nowhere.ok(root, "fti", "export", "--check") == "16 files checked: all up to date.\n"
    assert nowhere.ok(root, "fti", "export", "--merged", "--check") == (
        "1 file checked: all up to date.\n"
    )


def test_stdout_prints_the_file_itself_and_writes_none(locked_tiny: Path, poetry: Poetry) -> None:
    root = locked_tiny
    before = snapshot(root)
    assert poetry.ok(root, "fti", "export", "feature", "-f", "constraints", "--stdout") == (
        "# Generated by poetry-fti from fti/feature/poetry.lock; do not edit."
        " Update with: poetry fti export feature\n"
        "\n"
        "alpha==1.5\n"
        "dotted-name-pkg==1.0\n"
        "sparkish==3.5\n"
    )
    plain = poetry.ok(
        root, "fti", "export", "feature", "-f", "requirements", "--no-hashes", "--stdout"
    )
    packages = [line for line in plain.splitlines()[2:] if not line.startswith("    # ")]
    assert packages == ["alpha==1.5", "dotted-name-pkg==1.0", "sparkish==3.5"]
    assert not changed(root, before)


@pytest.mark.parametrize("format_name", ["bake", "compose"])
def test_formats_of_the_project_always_hold_all_stages(
    format_name: str, locked_tiny: Path, poetry: Poetry
) -> None:
    root = locked_tiny
    words = ("fti", "export", "--format", format_name)
    whole = poetry.ok(root, *words, "--stdout")
    (wrote,) = poetry.ok(root, *words, "training").splitlines()
    assert (root / wrote.split()[1]).read_text() == whole
    assert all(f"tiny-{stage}:${{TAG" in whole for stage in ("feature", "training", "inference"))
    assert poetry.ok(root, *words, "--check") == "1 file checked: all up to date.\n"
    (root / "fti" / "feature" / "poetry.lock").unlink()
    stale = "fti/feature/poetry.lock is missing. Run `poetry fti lock feature`.\n"
    result = poetry(root, *words, "training")
    assert result.code == 1
    assert result.errors == f"The format {format_name} describes all stages: {stale}"
    assert poetry(root, *words, "--check").code == 3


ONE_FILE = "--stdout prints one file: name one stage and one --format, or --merged.\n"
NO_MARKERS = (
    'The stage "inference" cannot be written without markers, since they decide where these are'
    " installed: loopish, typing-backfill. Give the stage `platforms` and `python` in"
    " [tool.fti.stages.inference], narrow enough that each marker has one value there.\n"
)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (
            ("--format", "requirement"),
            2,
            (
                'Unknown format "requirement"; did you mean "requirements"?'
                f" (known: {', '.join(FORMATS)}).\n"
            ),
        ),
        (("--stdout",), 1, ONE_FILE),
        (("--merged", "-f", "pylock"), 1, "--merged writes a pylock.toml; leave --format out.\n"),
        (
            ("-f", "pylock", "--no-hashes"),
            1,
            f"--no-hashes applies to the formats {READ_BY_PIP} only.\n",
        ),
        (
            ("--merged", "--no-markers"),
            1,
            f"--no-markers applies to the formats {READ_BY_PIP} only.\n",
        ),
        (
            ("inference", "-f", "requirements", "--no-markers"),
            1,
            NO_MARKERS,
        ),
    ],
)
def test_requests_that_make_no_sense(
    words: tuple[str, ...], code: int, message: str, locked_tiny: Path, poetry: Poetry
) -> None:
    before = snapshot(locked_tiny)
    result = poetry(locked_tiny, "fti", "export", *words)
    assert (result.code, result.errors, result.output) == (code, message, "")
    assert not changed(locked_tiny, before)


def test_requirements_of_a_layer_that_is_gone_are_removed(
    poetry: Poetry, locked_tiny: Path
) -> None:
    poetry.ok(locked_tiny, "fti", "export")
    folder = locked_tiny / "fti/inference"
    (folder / "requirements.large.txt").write_text("# Generated by poetry-fti from x; do not edit.")
    (folder / "requirements.huge.txt").write_text("mine\n")

    stale = poetry(locked_tiny, "fti", "export", "--check")
    assert (stale.code, stale.output) == (
        3,
        "obsolete  fti/inference/requirements.large.txt (no longer used)\n",
    )
    assert "1 file not up to date." in stale.errors
    printed = poetry.ok(locked_tiny, "fti", "export", "inference")
    assert printed.endswith("removed   fti/inference/requirements.large.txt\n")
    assert not (folder / "requirements.large.txt").exists()
    assert (folder / "requirements.huge.txt").exists(), "poetry-fti has not written it"
    poetry.ok(locked_tiny, "fti", "export", "--check")


def test_an_image_without_a_compiler_for_its_packages(locked_tiny: Path, poetry: Poetry) -> None:
    exported = poetry(locked_tiny, "fti", "export", "inference", "-f", "dockerfile")
    assert exported.errors == (
        "Warning: sourceonly 1.0 in the image of inference has no wheel for linux/amd64 and"
        " linux/arm64 and may need a compiler, which python:3.10-slim-bookworm does not have. If a"
        ' build fails, add "build-essential" to tool.fti.stages.inference.image.build-apt.\n'
    )
    pyproject = locked_tiny / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    key = '[tool.fti.stages.inference.image]\nbuild-apt = ["build-essential"]'
    pyproject.write_text(text.replace("[tool.fti.stages.inference.image]", key), encoding="utf-8")
    assert poetry(locked_tiny, "fti", "export", "inference", "-f", "dockerfile").errors == ""
    assert poetry(locked_tiny, "fti", "export", "inference", "-f", "requirements").errors == ""
