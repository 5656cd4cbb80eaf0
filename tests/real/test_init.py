"""`poetry fti init`: stages in a new project or in an old one; all is written, or nothing."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

import pytest

from harness import Result, snapshot
from poetry_fti.bridge.toml_parser import tomllib

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Poetry

PROJECT: Final = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.11,<3.13"\n'
NEXT: Final = "Lock the stages with poetry fti lock, then install one with poetry fti install "
PRESET: Final = 'kind = "inference"\nrequirements = ["onnxruntime>=1.24"]\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "demo"
    folder.mkdir()
    return folder


def existing(root: Path, text: str = PROJECT) -> Path:
    (root / "pyproject.toml").write_text(text, encoding="utf-8")
    return root


def init(poetry: Poetry, root: Path, *words: str, answers: str = "") -> Result:
    return poetry(root, "fti", "init", *words, answers=answers)


def test_a_new_project_is_poetrys_own_with_stages(root: Path, poetry: Poetry) -> None:
    words = ("--stage", "inference-minimal", "--python", ">=3.11", "--author", "A <a@example.org>")
    assert init(poetry, root, "--no-interaction", *words) == Result(
        0, f"Created the stage inference from inference-minimal.\n{NEXT}inference.\n", ""
    )
    pyproject = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert pyproject["project"] == {
        "name": "demo",
        "version": "0.1.0",
        "description": "",
        "authors": [{"name": "A", "email": "a@example.org"}],
        "requires-python": ">=3.11",
        "dependencies": [],
    }
    assert pyproject["tool"]["poetry"]["package-mode"] is False
    assert pyproject["tool"]["fti"]["isolated"] is True
    assert {path.name for path in root.iterdir()} == {"pyproject.toml"}
    assert poetry.ok(root, "check") == "All set!\n"


@pytest.mark.newest_only
def test_stages_of_an_existing_project(root: Path, poetry: Poetry) -> None:
    existing(root)
    (root / "ours.toml").write_text(PRESET, encoding="utf-8")
    words = ("-n", "--stage", "feature-spark", "--stage", "serving=ours.toml")
    made = "Created the stage feature from feature-spark.\nCreated the stage serving from ours.\n"
    done = init(poetry, root, *words)
    assert (done.code, done.errors) == (0, "")
    assert done.output.startswith("Changes to pyproject.toml\n\n@@ ")
    assert done.output.endswith(f"\n\n{made}{NEXT}serving.\n")
    assert (
        (root / "pyproject.toml").read_text(encoding="utf-8")
        == f"""\
{PROJECT}
[dependency-groups]
feature = [
    "numpy<2",
    "pandas>=2.1,<3",
    "pyarrow>=19",
    "pyspark>=3.5,<3.6",
]
serving = [
    "onnxruntime>=1.24",
]

[tool.poetry.requires-plugins]
poetry-fti = ">={version("poetry-fti")}"

[tool.fti]
isolated = true

[tool.fti.stages.feature]
platforms = ["linux/amd64", "linux/arm64"]

[tool.fti.stages.feature.image]
apt = ["openjdk-17-jre-headless", "procps"]

[tool.fti.stages.serving]
kind = "inference"
"""
    )
    assert poetry.ok(root, "fti", "list").splitlines()[1:3] == [
        "feature  feature    feature  >=3.11,<3.13  linux/amd64, linux/arm64  missing  -",
        "serving  inference  serving  >=3.11,<3.13  any                       missing  -",
    ]


def test_who_names_no_stage_is_asked_and_sees_what_will_be_written(
    root: Path, poetry: Poetry
) -> None:
    existing(root, PROJECT + "\n[dependency-groups]\nfeature = []\n")
    done = init(poetry, root, answers="training-torch\n8\n1\n\n")
    assert done.code == 0, done.errors
    presets, _, generated = done.output.partition("Changes to pyproject.toml\n\n")
    assert presets.splitlines()[0] == (
        "  training-tabular  scikit-learn, XGBoost and CatBoost, with Optuna and MLflow"
    )
    assert (
        generated
        == f"""\
@@ -7 +7,27 @@
 feature = []
+training = [
+    "lightning>=2.5",
+    "mlflow>=3.12",
+    "tensorboard>=2.20",
+    "torch>=2.7",
+    "torchmetrics>=1.7",
+    "torchvision>=0.22",
+]
+
+[tool.poetry.requires-plugins]
+poetry-fti = ">={version("poetry-fti")}"
+
+[[tool.poetry.source]]
+name = "pytorch-cpu"
+url = "https://download.pytorch.org/whl/cpu"
+priority = "explicit"
+
+[tool.poetry.group.training.dependencies]
+torch = {{ source = "pytorch-cpu" }}
+torchvision = {{ source = "pytorch-cpu" }}
+
+[tool.fti]
+isolated = true
+
+[tool.fti.stages.training]
+platforms = ["linux/amd64"]

Because of `isolated`, `poetry lock` and Poetry's other commands will leave out the group feature,\
 which `poetry fti lock` locks instead.

Created the stage training from training-torch.
{NEXT}training.
"""
    )
    assert [line for line in done.errors.splitlines() if "]:" in line] == [
        "Preset of the stage training [training-tabular]:",
        " > Preset of the stage inference [inference-minimal]:",
        " > Accelerator [cuda]:",
    ]
    assert done.errors.endswith("Do you confirm generation? (yes/no) [yes] ")


@pytest.mark.parametrize(
    ("answers", "last", "code"),
    [
        ("0\n3\n8\nno\n", "Command aborted", 1),
        pytest.param("none\n3\n8\n", "", 0, marks=pytest.mark.newest_only),
        ("0\n", "No valid answer was given. No file was written.", 1),
        pytest.param(
            *("0\nx\ny\nz\n", "No valid answer was given. No file was written.", 1),
            marks=pytest.mark.newest_only,
        ),
    ],
)
def test_nothing_is_written_without_a_yes(
    root: Path, poetry: Poetry, answers: str, last: str, code: int
) -> None:
    existing(root)
    before = snapshot(root)
    done = init(poetry, root, answers=answers)
    assert done.code == code
    assert done.errors.endswith(f"{last}\n" if last else " > ")
    assert snapshot(root) == before


def test_poetry_asks_for_a_new_project_and_nothing_is_left_of_one_that_is_not_wanted(
    root: Path, poetry: Poetry
) -> None:
    answers = "\n\nMy own\nn\n\n>=3.11\nno\nno\nyes\n0\n3\n8\n"
    done = init(poetry, root, answers=answers + "no\n")
    assert "Package name [demo]:" in done.errors
    assert "+description" not in done.output
    assert 'description = "My own"' in done.output
    assert done.errors.endswith("Command aborted\n")
    assert snapshot(root) == {}
    done = init(poetry, root, answers=answers + "yes\n")
    assert done.code == 0, done.errors
    assert 'description = "My own"' in (root / "pyproject.toml").read_text(encoding="utf-8")


PRESETS: Final = (
    "feature-python, feature-spark, training-tabular, training-tensorflow, training-torch,"
    " inference-minimal, inference-bentoml, inference-fastapi, inference-flask,"
    " inference-mlserver, inference-tabular, inference-tensorflow, inference-torch"
)


@pytest.mark.newest_only
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (
            "-n",
            1,
            (
                "No stages were given. Pass each stage with `--stage NAME=PRESET`"
                f" (presets: {PRESETS}; or a path that ends in .toml)."
            ),
        ),
        (
            "--stage training=training-torhc",
            2,
            (
                'There is no preset "training-torhc"; did you mean "training-torch"?'
                f" (presets: {PRESETS}; or a path that ends in .toml)."
            ),
        ),
        ("--stage a=no.toml", 2, "The preset file no.toml does not exist."),
        (
            "--stage a=broken.toml",
            2,
            (
                "The preset broken has 1 problem:\n  kind: is missing: one of"
                " feature, training, inference"
            ),
        ),
        (
            "--stage feature-python --accelerator cpu",
            2,
            "None of the presets supports accelerators. Omit the option.",
        ),
        (
            "--stage training-torch --accelerator cu999",
            2,
            (
                'The preset training-torch has no accelerator "cu999"'
                " (known: cuda, cpu, cu126, cu128, cu130)."
            ),
        ),
        (
            "--stage training-torch --accelerator inference=cpu",
            2,
            (
                '--accelerator inference=cpu: no new stage is named "inference"'
                " (new stages: training)."
            ),
        ),
        (
            "--stage feature-python --stage feature-spark",
            2,
            'Two new stages are named "feature". Choose another name for one of them.',
        ),
        (
            "--stage dev=feature-python",
            2,
            'There is already a dependency group "dev". Choose another name for the stage.',
        ),
        (
            "--stage a.b=inference-minimal",
            2,
            (
                'pyproject.toml has 1 problem:\n  tool.fti.stages."a.b": a stage\'s name may'
                " contain only letters, digits, - and _"
            ),
        ),
        (
            "--stage feature-python --python >=3.12",
            1,
            "--python applies to new projects only, and this folder has one. Omit the option.",
        ),
    ],
)
def test_errors_say_what_to_give_and_nothing_is_written(
    root: Path, poetry: Poetry, words: str, code: int, message: str
) -> None:
    existing(root, PROJECT + "\n[dependency-groups]\ndev = []\n")
    (root / "broken.toml").touch()
    before = snapshot(root)
    assert init(poetry, root, *words.split()) == Result(code, "", f"{message}\n")
    assert snapshot(root) == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[project\n",
            "pyproject.toml is not valid TOML: Unexpected character: '\\n' at line 1 col 8",
        ),
        (
            '[project]\nname = "demo"\n',
            (
                "pyproject.toml: Either [project.version] or [tool.poetry.version] is required in"
                " package mode."
            ),
        ),
        ("tool = 1\n", "pyproject.toml: tool must be a table"),
    ],
)
def test_a_wrong_pyproject_stays_as_it_is(
    root: Path, poetry: Poetry, text: str, message: str
) -> None:
    existing(root, text)
    assert init(poetry, root, "-n", "--stage", "training-torch") == Result(2, "", f"{message}\n")
    assert (root / "pyproject.toml").read_text(encoding="utf-8") == text


@pytest.mark.newest_only
def test_a_pyproject_without_a_project_gets_one(root: Path, poetry: Poetry) -> None:
    existing(root, "[tool.ruff]  # ours\nline-length = 100\n")
    assert init(poetry, root, "-n", "--stage", "inference-minimal").code == 0
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    assert text.startswith("[tool.ruff]  # ours\nline-length = 100\n\n[project]\n")


@pytest.mark.newest_only
def test_a_folder_in_another_project_is_refused(root: Path, poetry: Poetry) -> None:
    existing(root)
    (root / "below").mkdir()
    assert init(poetry, root / "below", "--stage", "feature-python") == Result(
        1,
        "",
        f"This folder belongs to the project of {root}/pyproject.toml. Run the command with"
        f" `-P {root}`, or run `poetry init` first to create a project here.\n",
    )
    done = init(poetry, root / "below", "-n", "-P", str(root), "--stage", "feature-python")
    assert done.code == 0
    assert not list((root / "below").iterdir())


def test_a_relative_folder_is_given_with_poetrys_option(root: Path, poetry: Poetry) -> None:
    (root / "new").mkdir()
    (root / "new" / "requirements.txt").write_text("numpy==2.0\n", encoding="utf-8")
    assert init(poetry, root, "-n", "-C", "new", "--stage", "inference-minimal").code == 0
    done = poetry(root, "-C", "new", "fti", "import", "training", "requirements.txt", "--no-lock")
    assert (done.code, done.errors) == (0, "")
    assert sorted(snapshot(root)) == ["new/pyproject.toml", "new/requirements.txt"]


@pytest.mark.newest_only
def test_presets_are_listed_and_shown(root: Path, poetry: Poetry) -> None:
    lines = poetry.ok(root, "fti", "presets").splitlines()
    assert [line.split()[0] for line in lines] == ["Preset", *PRESETS.split(", ")]
    assert lines[1] == (
        "feature-python                                        pandas, Polars, DuckDB and Arrow,"
        " with Great Expectations to validate"
    )
    text = poetry.ok(root, "fti", "presets", "inference-minimal")
    (root / "mine.toml").write_text(text, encoding="utf-8")
    existing(root)
    assert init(poetry, root, "-n", "--stage", "mine.toml").code == 0
    (data,) = json.loads(poetry.ok(root, "fti", "presets", "training-torch", "--format", "json"))[
        "presets"
    ]
    assert data == {
        "preset": "training-torch",
        "kind": "training",
        "description": "PyTorch and Lightning, with TensorBoard and MLflow",
        "accelerators": ["cuda", "cpu", "cu126", "cu128", "cu130"],
        "requirements": [
            *("lightning>=2.5", "mlflow>=3.12", "tensorboard>=2.20", "torchmetrics>=1.7"),
        ],
    }
