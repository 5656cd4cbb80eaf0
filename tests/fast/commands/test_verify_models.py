"""`poetry fti verify PATH`: models, and the locks that they were trained from."""

from __future__ import annotations

import json
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from memory_commands import Ended, run
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject

pytestmark = pytest.mark.slow

MODELS: Final = Path(__file__).parents[3] / "fixtures/models"
NOTHING: Final = "1 check run: nothing found.\n"


@pytest.fixture
def models(demo: MemoryProject, monkeypatch: pytest.MonkeyPatch) -> MemoryProject:
    """A project whose inference stage has the versions of 2025's models, and two of these."""
    demo.index.offer({"scikit-learn 1.3.2": [], "numpy 2.3.1": [], "joblib 1.6.0": []})
    packages = ["scikit-learn", "numpy", "joblib"]
    demo.write(pyproject({"training": [], "inference": packages}))
    demo.lock()
    for name in ("2025/forest.joblib", "2024/stamped.safetensors"):
        shutil.copy(MODELS / name, demo.root)
    monkeypatch.chdir(demo.root)
    return demo


def stamped(models: MemoryProject, digest: str) -> None:
    """Replace the digest in the metadata of a model by another one of the same length."""
    path = models.root / "stamped.safetensors"
    path.write_bytes(path.read_bytes().replace(b"sha256:" + b"5e" * 32, digest.encode()))


def test_what_breaks_in_the_stages_that_load_a_model(models: MemoryProject) -> None:
    ended = run(models, "verify", "forest.joblib")
    assert ended == Ended(
        3,
        "inference\n"
        "  error forest.joblib was saved with scikit-learn 1.7.2, and inference loads it with"
        " scikit-learn 1.3.2: some pickled estimators cannot be loaded or fail to predict; a"
        " RidgeClassifier of two classes fails to predict in scikit-learn 1.5 and older [model]\n"
        "    Save the model with scikit-learn 1.3.2, or lock the other version with"
        ' `poetry fti add inference "scikit-learn==1.7.2"`.\n\n'
        "1 check run: 1 error, 0 warnings.\n",
    )
    data = json.loads(run(models, "verify", "forest.joblib", "--format", "json").output)
    assert data["checks"] == ["model"]
    assert data["findings"][0]["producer_version"] == "1.7.2"
    assert "forest.joblib" in run(models, "verify", "forest.joblib", "--format", "sarif").output


def test_a_package_that_only_other_stages_have_is_missing(models: MemoryProject) -> None:
    models.index.offer({"catboost 1.2.10": [], "joblib 1.6.0": []})
    (models.root / "cat.pkl").write_bytes(b"ccatboost.core\nCatBoostClassifier\n(tR.")
    assert run(models, "verify", "cat.pkl") == Ended(0, NOTHING)
    models.write(pyproject({"training": ["catboost"], "inference": ["joblib"]}))
    models.lock()
    assert run(models, "verify", "cat.pkl") == Ended(
        3,
        "inference\n"
        "  error inference cannot load cat.pkl, which needs catboost: it does not have catboost"
        " [model]\n"
        "    Add it with `poetry fti add inference catboost`.\n\n"
        "1 check run: 1 error, 0 warnings.\n",
    )


def test_the_lock_that_a_model_was_trained_from_is_reported(models: MemoryProject) -> None:
    def git(*words: str) -> str:
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        command = ["git", *identity, "-c", "core.autocrlf=false", *words]
        return subprocess.run(
            command, cwd=models.root, capture_output=True, text=True, check=True
        ).stdout

    words = ("verify", "stamped.safetensors", "--stage", "training")
    trained = "stamped.safetensors was trained from fti/training/poetry.lock"
    assert run(models, *words) == Ended(
        0,
        NOTHING,
        f"{trained} with the digest sha256:5e5e5e5e5e5e, which is not the current one.\n",
    )
    git("init", "--quiet")
    ended = run(models, *words)
    assert (
        f"warning {trained} with the digest sha256:5e5e5e5e5e5e, which no commit contains [model]"
        in ended.output
    )
    lock = models.root / "fti/training/poetry.lock"
    stamped(models, f"sha256:{sha256(lock.read_bytes()).hexdigest()}")
    assert run(models, *words).errors == f"{trained} as it is now.\n"
    git("add", "fti")
    git("commit", "--quiet", "--message", "x")
    commit = git("rev-parse", "HEAD")[:12]
    lock.write_text(f"# Another\n{lock.read_text(encoding='utf-8')}", encoding="utf-8")
    assert run(models, *words).errors == f"{trained} of commit {commit}.\n"


def test_errors(models: MemoryProject) -> None:
    (models.root / "notes").write_bytes(b"\0")
    ended = run(models, "verify", "notes")
    assert ended == Ended(
        1, "", "notes cannot be read as a model: its content is of no known kind.\n"
    )
    ended = run(models, "verify", ".")
    assert ended == Ended(
        1,
        "",
        f"The folder {models.root.name} cannot be read as a model: it has no MLmodel, bento.yaml,"
        " model.yaml, environment.yml or requirements.txt.\n",
    )
    (models.root / "fti/inference/poetry.lock").unlink()
    ended = run(models, "verify", "forest.joblib")
    assert ended == Ended(
        1, "", "fti/inference/poetry.lock is missing. Run `poetry fti lock inference`.\n"
    )
    models.write(pyproject({"training": []}))
    ended = run(models, "verify", "forest.joblib")
    assert ended.code == 2
    assert ended.errors == (
        "There is no inference stage. Name the stage that loads the model: --stage.\n"
    )
