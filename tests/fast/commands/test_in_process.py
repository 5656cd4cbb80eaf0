"""Commands run in this process, over an index in memory: what they print, and exit codes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from memory_commands import Ended, run, run_poetry
from poetry_fti.commands.poetry.edit import changing
from poetry_fti.errors import FtiError
from poetry_fti.model.images.image import Image
from poetry_fti.operations.locking.lock import lock_stages
from poetry_fti.operations.project import load_project
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject
    from poetry_fti.operations.locking.lock import LockResult

pytestmark = pytest.mark.slow

READ_BY_PIP: Final = "azureml, bentoml, conda, constraints, mlflow, ray and requirements"
SKIPPED: Final = "Skipping virtualenv creation, as specified in config file.\n"


def test_stages_are_listed(locked_demo: MemoryProject) -> None:
    assert run(locked_demo, "list") == Ended(
        0,
        """\
Stage      Kind       Groups     Python  Platforms    Lock   Packages
feature    feature    feature    >=3.11  any          fresh  3
training   training   training   >=3.11  linux/amd64  fresh  2
inference  inference  inference  >=3.12  any          fresh  4
""",
    )
    (training,) = (
        each
        for each in json.loads(run(locked_demo, "list", "--format", "json").output)["stages"]
        if each["stage"] == "training"
    )
    assert (training["lock"], training["packages"]) == ("fresh", 2)


def test_an_unknown_report_format(locked_demo: MemoryProject) -> None:
    assert run(locked_demo, "list", "--format", "yaml") == Ended(
        2, "", 'Unknown report format "yaml" (known: text, json).\n'
    )


def test_locking_is_reported_with_where_stages_differ(demo: MemoryProject) -> None:
    demo.index.offer({"app 1.0": ["lib<2"], "lib 1.0": [], "lib 2.0": []})
    demo.write(pyproject({"feature": ["app"], "training": ["lib>1"], "inference": ["lib>9"]}))
    done = run(demo, "lock", "-v")
    assert replace(done, output=done.output.replace("Resolving dependencies...\n", "")) == Ended(
        1,
        """\
feature: locked 2 packages
  + app 1.0
  + lib 1.0
training: locked 1 package
  + lib 2.0

1 package is shared between stages, at different versions:
  lib 2.0 in training, 1.0 in feature
    feature:  app 1.0 requires lib <2
""",
        "inference: Because demo depends on lib (>9) which doesn't match any versions,"
        " version solving failed.\n1 of 3 stages failed.\n",
    )


def test_what_several_stages_failed_with_is_printed_once(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": []})
    demo.write(pyproject({"feature": ["lib>9"], "training": ["lib>9"], "inference": ["lib"]}))
    done = run(demo, "lock")
    assert done.code == 1
    assert done.errors == (
        "feature and training: Because demo depends on lib (>9) which doesn't match any versions,"
        " version solving failed.\n2 of 3 stages failed.\n"
    )


def test_a_difference_that_an_update_removes(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": []})
    demo.write(pyproject({"feature": ["lib"]}))
    demo.lock()
    demo.index.offer({"lib 1.0": [], "lib 2.0": []})
    demo.write(pyproject({"feature": ["lib>=1"], "training": ["lib>1"]}))
    assert run(demo, "lock").output.endswith(
        """\
  lib 2.0 in training, 1.0 in feature
    no requirement forces the difference; poetry fti update lib removes it
"""
    )
    assert run(demo, "update", "lib").output.endswith(
        "1 package is shared between stages, at the same version.\n"
    )


def test_the_reasons_that_solving_finds_are_in_the_json_report(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": []})
    demo.write(pyproject({"feature": ["lib"]}))
    demo.lock()
    demo.index.offer({"lib 1.0": [], "lib 2.0": ["yanked broken"]})
    demo.write(pyproject({"feature": ["lib>=1"], "training": ["lib==2.0"]}))
    found = json.loads(run(demo, "lock", "--format", "json").output)["comparison"]
    assert found["divergences"][0]["reasons"] == [{"stage": "feature", "text": "lib 2.0 is yanked"}]


def test_outdated_packages_that_other_stages_hold_back_are_named(demo: MemoryProject) -> None:
    demo.index.offer({"app 1.0": ["lib<2"], "lib 1.0": [], "lib 2.0": []})
    groups = {"feature": ["app"], "training": ["lib"]}
    demo.write(pyproject(groups))
    demo.lock()
    outdated = "lib (!) 1.0 2.0 \n"
    assert run(demo, "show", "training", "--outdated") == Ended(
        0,
        outdated,
        """\
training: lib 1.0, not 2.0, to agree with feature (app 1.0 requires lib <2)
To let stages differ, add a rule to [[tool.fti.align]] with level = "none" and packages = ["lib"],\
 or ["*"]; then run poetry fti update lib.
""",
    )
    assert run(demo, "show", "feature", "--outdated") == Ended(0, outdated)
    exempt = '[[tool.fti.align]]\npackages = ["lib"]\nstages = ["training"]\nlevel = "none"\n'
    demo.write(pyproject(groups, exempt))
    assert run(demo, "show", "training", "--outdated") == Ended(0, outdated)


def test_a_dry_run_has_the_reason_for_an_older_version_in_its_json_report(
    demo: MemoryProject,
) -> None:
    demo.index.offer({"lib 1.0": [], "lib 2.0": []})
    demo.write(pyproject({"feature": ["lib<2"], "training": ["lib"]}))
    demo.lock()
    found = json.loads(run(demo, "update", "--dry-run", "--format", "json").output)
    (held_back,) = found["stages"]["training"]["held_back"]
    assert held_back["reason"] == "pyproject.toml requires lib <2"
    assert found["comparison"] == {"shared": 0, "divergences": []}


def test_locks_are_checked(locked_demo: MemoryProject) -> None:
    assert run(locked_demo, "lock", "--check").output == "3 locks checked: all fresh.\n"
    (locked_demo.root / "fti/training/poetry.lock").unlink()
    message = "fti/training/poetry.lock is missing. Run `poetry fti lock training`.\n"
    assert run(locked_demo, "lock", "--check") == Ended(3, "", message)
    assert run(locked_demo, "export", "--check") == Ended(3, "", message)
    assert run(locked_demo, "export") == Ended(1, "", message)
    found = json.loads(run(locked_demo, "lock", "--check", "--format", "json").output)
    assert found["stages"]["training"] == {"state": "missing", "reason": ""}


def test_a_dry_run_counts_what_lock_and_list_count(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [], "pytest 8.0": []})
    stage = '[tool.fti.stages.training]\ndev-groups = ["dev"]\n'
    demo.write(pyproject({"training": ["lib"], "dev": ["pytest"]}, stage))
    assert run(demo, "lock", "--dry-run").output == (
        "training: would lock 2 packages\nDry run: no file was written.\n"
    )
    found = json.loads(run(demo, "lock", "--dry-run", "--format", "json").output)
    assert found["stages"]["training"]["result"] == "solved"
    assert demo.locked == {}
    assert run(demo, "lock").output.splitlines()[0] == "training: locked 2 packages"
    listed = json.loads(run(demo, "list", "--format", "json").output)
    assert listed["stages"][0]["packages"] == 2


def test_a_comparison_regenerates_no_lock(locked_demo: MemoryProject) -> None:
    message = "--check locks no stage; leave --regenerate out.\n"
    assert run(locked_demo, "lock", "--check", "--regenerate") == Ended(1, "", message)


def test_an_update_is_reported(locked_demo: MemoryProject) -> None:
    locked_demo.index.offer({"app 2.0": [], "lib 1.0": [], "mid 1.0": ["lib<2"]})
    assert run(locked_demo, "update", "app", "--stage", "feature", "--dry-run") == Ended(
        0,
        """\
feature: would lock 1 package: 0 added, 2 removed, 1 updated
  ~ app 1.0 -> 2.0
  - lib 1.0
  - win 1.0
Dry run: no file was written.
""",
    )
    done = json.loads(run(locked_demo, "update", "app", "--format", "json").output)
    assert done["stages"]["inference"]["result"] == "locked"
    assert done["comparison"] == {"shared": 3, "divergences": []}


def test_exported_files_are_listed_and_compared(locked_demo: MemoryProject) -> None:
    words = ("export", "training", "-f", "constraints")
    wrote = Ended(0, "wrote     fti/training/constraints.txt\n")
    assert run(locked_demo, *words) == wrote
    assert run(locked_demo, *words) == Ended(0, wrote.output.replace("wrote    ", "unchanged"))
    assert run(locked_demo, *words, "--check").output == "1 file checked: all up to date.\n"
    path = locked_demo.root / "fti/training/constraints.txt"
    path.write_text("changed\n", encoding="utf-8")
    checked = run(locked_demo, *words, "--check")
    assert checked == Ended(
        3,
        "outdated  fti/training/constraints.txt\n",
        "1 file not up to date. Run `poetry fti export` with the same options.\n",
    )
    assert "-changed\n" in run(locked_demo, *words, "--check", "-v").output
    assert run(locked_demo, *words, "--stdout").output.endswith("\nlib==1.0\nmid==1.0\n")
    assert path.read_text(encoding="utf-8") == "changed\n"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("--stdout", "--stdout prints one file: name one stage and one --format, or --merged.\n"),
        (
            "training -f pylock --stdout --check",
            "--check prints no file; leave --stdout out.\n",
        ),
        ("--merged -f pylock", "--merged writes a pylock.toml; leave --format out.\n"),
        (
            "-f pylock --no-hashes",
            f"--no-hashes applies to the formats {READ_BY_PIP} only.\n",
        ),
        (
            "--merged --no-markers",
            f"--no-markers applies to the formats {READ_BY_PIP} only.\n",
        ),
    ],
)
def test_exports_that_make_no_sense(locked_demo: MemoryProject, words: str, error: str) -> None:
    assert run(locked_demo, "export", *words.split()) == Ended(1, "", error)


def test_an_unknown_stage_is_reported_before_an_engine_is_looked_for(
    locked_demo: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    message = 'There is no stage "trainin"; did you mean "training"? (stages: '
    ended = run(locked_demo, "build", "trainin")
    assert (ended.code, ended.output) == (2, "")
    assert ended.errors.startswith(message)


def test_formats_that_do_not_apply(locked_demo: MemoryProject) -> None:
    words = ("export", "training", "inference", "-f", "kserve")
    message = "No file to export: kserve does not apply to training and inference."
    assert run(locked_demo, *words) == Ended(0, "", f"Warning: {message}\n")


def test_a_format_that_is_left_out_is_warned_about_once(demo: MemoryProject) -> None:
    demo.write(pyproject({"feature": [], "training": []}, '[tool.fti]\nexports = ["compose"]\n'))
    demo.lock("feature")
    assert run(demo, "export", "feature") == Ended(
        0,
        "",
        "Warning: The format compose describes all stages and is left out:"
        " fti/training/poetry.lock is missing. Run `poetry fti lock training`.\n",
    )


@pytest.mark.parametrize("option", [(), ("--check",)])
def test_an_export_without_formats(demo: MemoryProject, option: tuple[str, ...]) -> None:
    demo.write(pyproject({"training": []}, "[tool.fti]\nexports = []\n"))
    demo.lock()
    checked = "0 files checked: all up to date.\n" if option else ""
    message = "No file to export: tool.fti.exports is empty. Pass a format with --format."
    assert run(demo, "export", *option) == Ended(0, checked, f"Warning: {message}\n")


def test_images_are_listed_and_explained(locked_demo: MemoryProject) -> None:
    listed = run(locked_demo, "image", "training").output.splitlines()
    assert listed[1].split() == [
        "training",
        "python:3.11-slim-bookworm",
        "packages",
        "2",
        "2",
        "kB",
    ]
    explained = run(locked_demo, "image", "training", "--explain").output
    assert explained.startswith("training: 2 kB of packages to download\n")
    (image,) = json.loads(run(locked_demo, "image", "training", "--format", "json").output)[
        "images"
    ]
    assert (image["stage"], image["size"]) == ("training", 2000)


def test_a_build_needs_an_engine(
    locked_demo: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert run(locked_demo, "build") == Ended(
        1,
        "",
        "No container engine is on PATH. Install Docker with buildx, Podman or Buildah.\n",
    )


def test_a_stage_is_cloned_and_what_a_former_one_left_is_removed(
    locked_demo: MemoryProject,
) -> None:
    assert run(locked_demo, "clone", "training", "second").code == 0
    assert (locked_demo.root / "fti/second/poetry.lock").exists()
    (locked_demo.root / "fti/second").rename(locked_demo.root / "fti/third")
    assert run(locked_demo, "list").output.endswith(
        "Folders that belong to no stage: fti/third\nRun poetry fti clean to remove them.\n"
    )
    kept = run(locked_demo, "clean", answers="no\n")
    assert kept.output == "fti/third: poetry.lock\n  kept\n"
    assert run(locked_demo, "clean", "--yes").output == "fti/third: poetry.lock\n  removed\n"
    assert not (locked_demo.root / "fti/third").exists()


def test_a_cloned_stage_has_an_image_of_its_own(locked_demo: MemoryProject) -> None:
    path = locked_demo.root / "pyproject.toml"
    image = '\n[tool.fti.stages.training.image]\nname = "acme/credit"\nuser = 1\n'
    path.write_text(path.read_text(encoding="utf-8") + image, encoding="utf-8")
    done = run(locked_demo, "clone", "training", "second")
    assert done == Ended(
        0,
        "Created the stage second from training.\n"
        "It has no image.name, since acme/credit is the image of training.\n"
        "Lock it with poetry fti lock second.\n",
    )
    (copied,) = (each for each in locked_demo.load().stages if each.name == "second")
    assert copied.stage.image == Image(user="1")


def test_presets_are_listed_and_shown(locked_demo: MemoryProject) -> None:
    assert run(locked_demo, "presets").output.startswith("Preset ")
    text = run(locked_demo, "presets", "inference-minimal").output
    assert text.startswith('description = "ONNX Runtime served by FastAPI: the smallest image"\n')
    data = json.loads(run(locked_demo, "presets", "inference-minimal", "--format", "json").output)
    assert [each["preset"] for each in data["presets"]] == ["inference-minimal"]


def test_a_preset_becomes_a_stage(locked_demo: MemoryProject) -> None:
    done = run(locked_demo, "init", "--stage", "serving=inference-minimal")
    assert done.code == 0
    assert done.output.startswith("Changes to pyproject.toml\n\n@@ ")
    assert "+[tool.poetry.requires-plugins]\n" in done.output
    assert done.output.endswith(
        """\

Because of `isolated`, `poetry lock` and Poetry's other commands will leave out the groups feature,\
 inference and training, which `poetry fti lock` locks instead.

Created the stage serving from inference-minimal.
Lock the stages with poetry fti lock, then install one with poetry fti install serving.
"""
    )
    assert "serving" in run(locked_demo, "list").output


def test_init_asks_before_it_changes_a_project(demo: MemoryProject) -> None:
    text = pyproject({"dev": ["lib"]})
    demo.write(text)
    words = ("init", "--stage", "inference-minimal")
    declined = run(demo, *words, answers="no\n")
    assert (declined.code, "Because of" in declined.output) == (1, False)
    assert (demo.root / "pyproject.toml").read_text(encoding="utf-8") == text
    assert run(demo, *words, answers="yes\n").code == 0
    assert demo.load().stages


@pytest.mark.usefixtures("without_environments")
def test_init_says_that_poetrys_own_lock_becomes_stale(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": []})
    demo.write(pyproject({"training": ["lib"]}, "[tool.poetry]\npackage-mode = false\n"))
    assert run_poetry(demo, "lock").code == 0
    done = run(demo, "init", "--stage", "inference-minimal")
    assert done.output.endswith(
        "\nUpdate poetry.lock, which no longer matches, with poetry lock.\n"
    )


def test_init_refuses_what_contradicts_the_project(demo: MemoryProject) -> None:
    text = pyproject({"dev": []}, dependencies=["numpy>=1.26,<2"])
    demo.write(text)
    refused = run(demo, "init", "--stage", "inference-minimal")
    assert refused == Ended(
        2,
        "",
        "The preset inference-minimal requires numpy (>=2), but project.dependencies requires numpy"
        " (>=1.26,<2) in each stage: inference could not be locked. Change the requirement in"
        " pyproject.toml, or that of the preset: `poetry fti presets inference-minimal >"
        " inference-minimal.toml`, then `poetry fti init --stage"
        " inference=inference-minimal.toml`.\n",
    )
    assert (demo.root / "pyproject.toml").read_text(encoding="utf-8") == text
    settings = '[tool.fti]\nconstraints = ["numpy<2"]\n'
    demo.write(pyproject({"dev": []}, settings, dependencies=['numpy; python_version<"3"']))
    refused = run(demo, "init", "--stage", "inference-minimal")
    assert "but tool.fti.constraints[0] requires numpy (<2) in each stage" in refused.errors
    own = 'kind = "inference"\nrequirements = ["numpy>=2"]\n'
    (demo.root / "own.toml").write_text(own, encoding="utf-8")
    refused = run(demo, "init", "--stage", f"inference={demo.root / 'own.toml'}")
    assert refused.errors == (
        "The preset own requires numpy (>=2), but tool.fti.constraints[0] requires numpy (<2) in"
        " each stage: inference could not be locked. Change the requirement in pyproject.toml, or"
        " that of the preset.\n"
    )


NUMPY_2: Final = {"inference": ["numpy>=2"]}
# The requirements of the case init-contradiction.
POETRYS: Final = """\
[tool.poetry]
name = "demo"
version = "1"
package-mode = false
[tool.poetry.dependencies]
python = ">=3.11,<3.13"
numpy = "^1.26.4"
[tool.poetry.group.inference.dependencies]
numpy = ">=2"
"""
INCLUDING: Final = """\
[project]
name = "demo"
version = "1"
requires-python = ">=3.11"
[dependency-groups]
a = {numpy}
inference = [{other}{{ include-group = "a" }}]
"""
CLASHES: Final = {
    pyproject(NUMPY_2, dependencies=["numpy>=1.26,<2"]): (
        "The project requires numpy (>=1.26,<2), but the group inference requires numpy (>=2)."
    ),
    POETRYS: (
        "The project requires numpy (>=1.26.4,<2.0.0), but the group inference requires numpy"
        " (>=2)."
    ),
    INCLUDING.format(numpy='["numpy<2", "numpy>=2"]', other='"lib", '): (
        "The group a requires numpy (<2) and numpy (>=2), which exclude each other."
    ),
    INCLUDING.format(numpy='["numpy>=2"]', other='"numpy<2", '): (
        "The group a requires numpy (>=2), but the group inference requires numpy (<2)."
    ),
    INCLUDING.format(numpy='["numpy>=2"]', other='"numpy<2", "numpy<1.5", '): (
        "The group a requires numpy (>=2), but the group inference requires numpy (<1.5) and numpy"
        " (<2)."
    ),
}


@pytest.mark.parametrize(("text", "message"), CLASHES.items())
def test_lock_names_the_groups_of_requirements_that_exclude_each_other(
    demo: MemoryProject, text: str, message: str
) -> None:
    demo.index.offer({"numpy 1.26.4": [], "numpy 2.0": []})
    demo.write(text)
    assert run(demo, "lock") == Ended(1, "", f"inference: {message}\n")


def test_packages_are_added_and_removed(locked_demo: MemoryProject) -> None:
    locked_demo.index.offer({"mid 1.0": ["lib<2"], "lib 1.0": [], "zoo 1.0": []})
    added = run(locked_demo, "add", "training", "zoo@^1.0", "--lock")
    assert (added.code, locked_demo.locked["training"]) == (0, "lib 1.0, mid 1.0, zoo 1.0")
    removed = run(locked_demo, "remove", "training", "mid", "--lock")
    assert (removed.code, locked_demo.locked["training"]) == (0, "zoo 1.0")
    failed = run(locked_demo, "remove", "training", "lib")
    assert (failed.code, failed.errors) == (2, '"lib" is not a dependency of "training".\n')


def test_packages_of_a_stage_are_shown(locked_demo: MemoryProject) -> None:
    shown = run(locked_demo, "show", "training", "--top-level")
    assert (shown.code, shown.output.split()) == (0, ["mid", "(!)", "1.0"])


def test_a_stage_without_an_environment(locked_demo: MemoryProject) -> None:
    listed = run(locked_demo, "env", "list", "training").output.splitlines()
    assert listed[1].split() == ["training", "-", "missing", "-"]
    for words in (["path", "training"], ["run", "training", "python"], ["kernel", "training"]):
        assert run(locked_demo, *words) == Ended(
            1, "", "training has no environment. Create it with `poetry fti install training`.\n"
        )
    assert run(locked_demo, "env", "remove", "training").output == "training has no environment.\n"


# Poetry's own commands


@pytest.fixture
def without_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Poetry's own commands make no virtual environment, which takes long."""
    monkeypatch.setenv("POETRY_VIRTUALENVS_CREATE", "false")


@pytest.mark.usefixtures("without_environments")
@pytest.mark.parametrize(
    ("words", "instead"),
    [
        ("add mid --group training", "poetry fti add training PACKAGE"),
        ("show --only dev,training", "poetry fti show training"),
        ("remove lib", "poetry fti remove training lib"),
    ],
)
def test_poetrys_own_commands_refuse_hidden_groups(
    demo: MemoryProject, words: str, instead: str
) -> None:
    settings = "[tool.fti]\nisolated = true\n"
    demo.write(pyproject({"training": ["lib"], "dev": ["mid"]}, settings))
    refused = run_poetry(demo, *words.split())
    assert refused.code == 1
    assert "is hidden from Poetry" in refused.errors
    assert f"`{instead}`" in refused.errors


@pytest.mark.usefixtures("without_environments")
def test_poetrys_own_add_names_the_stages_whose_locks_are_stale(
    locked_demo: MemoryProject,
) -> None:
    path = locked_demo.root / "pyproject.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            "[tool.fti.", "[tool.fti]\nisolated = true\n[tool.fti.", 1
        )
        + "[tool.poetry]\npackage-mode = false\n",
        encoding="utf-8",
    )
    added = run_poetry(locked_demo, "add", "win", "--lock")
    expected = "\nThe locks of feature, training and inference no longer match pyproject.toml."
    # Poetry 2.3 says first that it creates no environment.
    assert (added.code, added.errors.removeprefix(SKIPPED)) == (
        0,
        f"{expected} Run `poetry fti lock`.\n",
    )
    locked_demo.lock()
    again = run_poetry(locked_demo, "add", "app", "--lock", "--group", "dev")
    assert again.errors.removeprefix(SKIPPED) == ""


@pytest.mark.usefixtures("without_environments")
def test_a_group_that_would_be_a_hidden_stage_is_refused(demo: MemoryProject) -> None:
    demo.write(pyproject({"training": ["lib"]}, "[tool.fti]\nisolated = true\n"))
    refused = run_poetry(demo, "add", "lib", "--group", "feature")
    assert "would be a pipeline stage" in refused.errors


@pytest.mark.usefixtures("without_environments")
def test_poetrys_failure_to_lock_conflicting_stages_has_a_hint(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [], "lib 2.0": [], "old 1.0": ["lib<2"], "new 1.0": ["lib>1"]})
    application = "[tool.poetry]\npackage-mode = false\n"
    demo.write(pyproject({"feature": ["old"], "training": ["new"]}, application))
    failed = run_poetry(demo, "lock")
    assert failed.code == 1
    assert "The stages conflict: feature and training cannot share one lock" in failed.errors


@pytest.mark.parametrize("words", ["add training app", "remove training mid"])
def test_an_edit_of_a_file_that_was_saved_meanwhile(
    locked_demo: MemoryProject, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    path = locked_demo.root / "pyproject.toml"
    lock = locked_demo.root / "fti/training/poetry.lock"
    edited = path.read_text(encoding="utf-8") + "# edited\n"
    old = lock.read_bytes()

    def saved_meanwhile(*arguments: Any, **options: Any) -> dict[str, LockResult]:  # noqa: ANN401
        results = lock_stages(*arguments, **options)
        assert lock.read_bytes() != old
        path.write_text(edited, encoding="utf-8")
        return results

    monkeypatch.setattr(changing, "lock_stages", saved_meanwhile)
    done = run(locked_demo, *words.split(), "--lock")
    assert done.code == 1
    assert done.errors == (
        "pyproject.toml was changed by another program while this command ran, and has not been"
        " overwritten. Rerun the command.\n"
    )
    assert (path.read_text(encoding="utf-8"), lock.read_bytes()) == (edited, old)


def test_line_ends_are_kept(locked_demo: MemoryProject) -> None:
    run(locked_demo, "export")
    paths = [path for path in locked_demo.root.rglob("*") if path.is_file()]
    for path in paths:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert run(locked_demo, "export", "--check").code == 0
    assert run(locked_demo, "lock", "--check").code == 0
    for words in (
        ("add", "training", "app", "--lock"),
        ("clone", "training", "torch-training"),
        ("export", "training"),
    ):
        assert run(locked_demo, *words).code == 0, words
    assert b'"app (>=1.0,<2.0)"' in (locked_demo.root / "pyproject.toml").read_bytes()
    for path in paths:
        content = path.read_bytes()
        assert content.count(b"\n") == content.count(b"\r\n"), path


def test_a_lock_that_locking_does_not_replace_is_listed_with_what_does(
    locked_demo: MemoryProject,
) -> None:
    (locked_demo.root / "fti/training/poetry.lock").write_text("", encoding="utf-8")
    reason = "training: the lock cannot be read: the lock file does not have a metadata entry"
    command = "poetry fti lock training --regenerate"
    assert run(locked_demo, "list").output.splitlines()[-3:] == [
        reason,
        "",
        f"Restore this lock, or run {command} to lock from scratch.",
    ]


def test_a_command_in_the_folder_of_a_stage_names_the_project(locked_demo: MemoryProject) -> None:
    run(locked_demo, "export", "training", "-f", "pyproject")
    root = locked_demo.root
    exported = root / "fti/training/pyproject.toml"
    with pytest.raises(FtiError) as error:
        load_project(exported.parent)
    assert str(error.value) == f"{exported} is exported for a stage. Run the command in {root}."
    # A copy elsewhere is a project of its own.
    copy = root / "copy/pyproject.toml"
    copy.parent.mkdir()
    exported.rename(copy)
    assert [stage.name for stage in load_project(copy.parent).stages] == ["training"]
