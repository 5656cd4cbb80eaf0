"""`poetry fti import`: a stage from files of other tools, which is locked, or no change at all."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

import pytest

from fast.conftest import filled, project_in
from harness import snapshot
from memory_commands import run, run_poetry
from small_index import pyproject

if TYPE_CHECKING:
    from pathlib import Path

    from memory_index import MemoryProject
    from small_index import Releases

pytestmark = pytest.mark.slow

RELEASES: Final[Releases] = {
    "app 1.0": ["lib"],
    "app 1.5": ["lib"],
    "lib 1.0": [],
    "lib 2.0": [],
    "web 3.0": ["lib>=2"],
}


@pytest.fixture
def project(demo: MemoryProject) -> MemoryProject:
    demo.index.offer(RELEASES)
    demo.write(pyproject({"tools": ["lib"]}))
    return demo


def put(project: MemoryProject, name: str, text: str) -> None:
    path = project.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def source(project: MemoryProject, name: str) -> str:
    return str(project.root / name)


def test_a_new_stage_is_locked_at_the_versions_of_the_file(project: MemoryProject) -> None:
    put(project, "requirements.txt", "app==1.0\nlib==1.0\n")
    done = run(project, "import", "training", source(project, "requirements.txt"))
    assert (done.code, done.errors) == (0, "")
    assert "Created the stage training." in done.output
    assert project.locked == {"training": "app 1.0, lib 1.0"}
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    assert (
        text
        == f"""\
[project]
name = "demo"
version = "1"
requires-python = ">=3.11"
dependencies = []
[dependency-groups]
tools = ['lib']
training = [
    "app>=1.0",
    "lib>=1.0",
]

[tool.poetry.requires-plugins]
poetry-fti = ">={version("poetry-fti")}"

[tool.fti]
isolated = true

[tool.fti.stages.training]
"""
    )


def test_a_version_that_is_impossible_is_replaced_and_reported(project: MemoryProject) -> None:
    put(project, "requirements.txt", "web\nlib==1.0\nmissing-version==7 ; python_version < '3'\n")
    done = run(project, "import", "inference", source(project, "requirements.txt"))
    assert (done.code, done.errors) == (0, "")
    assert done.output.endswith("Created the stage inference.\n  lib 2.0, not 1.0\n")
    assert project.locked == {"inference": "lib 2.0, web 3.0"}


def test_several_versions_that_are_impossible_are_reported(project: MemoryProject) -> None:
    put(project, "requirements.txt", "-c c.txt\nlib\n")
    put(project, "c.txt", "lib==1.7\nlib==1.8\n")
    done = run(project, "import", "training", source(project, "requirements.txt"))
    assert done.output.endswith("Created the stage training.\n  lib 2.0, not 1.7 or 1.8\n")


def test_a_version_that_no_index_has_is_replaced(project: MemoryProject) -> None:
    put(project, "requirements.txt", "app>=1\nlib==1.7\n")
    done = run(project, "import", "training", source(project, "requirements.txt"))
    assert (done.code, done.errors) == (0, "")
    assert done.output.endswith("Created the stage training.\n  lib 2.0, not 1.7\n")


def test_a_stage_is_extended_and_keeps_what_it_has(project: MemoryProject) -> None:
    project.write(
        pyproject(
            {"training": ["lib<2"]},
            '[tool.fti.stages.training]  # ours\nconstraints = ["a>1"]\n',
        )
    )
    project.lock()
    put(project, "req.in", "lib\napp\n-c c.txt\n")
    put(project, "c.txt", "web<4\na>1\napp==1.0\n")
    done = run(project, "import", "training", source(project, "req.in"))
    assert done.code == 0, done.errors
    assert done.output.startswith(
        "- training has requirements on lib already, which were not changed.\n"
    )
    assert project.locked == {"training": "app 1.0, lib 1.0"}
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    assert "training = ['lib<2', \"app\"]" in text
    assert '[tool.fti.stages.training]  # ours\nconstraints = ["a>1", "web<4"]\n' in text
    assert "isolated" not in text


def test_versions_for_several_systems_stay(project: MemoryProject) -> None:
    put(
        project,
        "requirements.txt",
        "lib==1.0 ; sys_platform == 'linux'\nlib==2.0 ; sys_platform != 'linux'\n",
    )
    done = run(project, "import", "training", source(project, "requirements.txt"))
    assert done.code == 0, done.errors
    assert project.locked == {"training": "lib 1.0, lib 2.0"}


def test_pinned_keeps_exact_versions(project: MemoryProject) -> None:
    put(project, "requirements.txt", "app==1.0\n-c c.txt\n")
    put(project, "c.txt", "lib==1.0\n")
    done = run(project, "import", "training", source(project, "requirements.txt"), "--pinned")
    assert done.code == 0, done.errors
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    assert '"app==1.0"' in text
    assert 'constraints = ["lib==1.0"]' in text


def test_a_dry_run_shows_the_difference(project: MemoryProject) -> None:
    put(project, "requirements.txt", "--pre\nApp==1.0\n")
    before = snapshot(project.root)
    done = run(
        project, "import", "serving", source(project, "requirements.txt"), "--dry-run", "--no-lock"
    )
    assert (done.code, done.errors) == (0, "")
    assert (
        done.output
        == f"""\
- requirements.txt, line 1: `--pre` was left out. Add `allow-prereleases = true` to the packages\
 that need it, or a lower bound that is a pre-release.
@@ -7,2 +7,13 @@
 tools = ['lib']
+serving = [
+    "App>=1.0",
+]
{" "}
+[tool.poetry.requires-plugins]
+poetry-fti = ">={version("poetry-fti")}"
+
+[tool.fti]
+isolated = true
+
+[tool.fti.stages.serving]
+kind = "inference"
Dry run: no file was written.
"""
    )
    assert snapshot(project.root) == before


def test_without_a_lock_the_stage_is_written_only(project: MemoryProject) -> None:
    put(project, "requirements.txt", "no-such-package\n")
    words = ("--no-lock", "--kind", "feature")
    done = run(project, "import", "mine", source(project, "requirements.txt"), *words)
    assert (done.code, done.output, done.errors) == (
        0,
        "Created the stage mine.\nLock it with poetry fti lock mine.\n",
        "",
    )
    assert project.locked == {}


def test_nothing_changes_if_the_stage_cannot_be_locked(project: MemoryProject) -> None:
    put(project, "requirements.txt", "app==9\nno-such-package\n")
    before = snapshot(project.root)
    done = run(project, "import", "training", source(project, "requirements.txt"))
    assert done.code == 1
    assert done.errors.endswith(
        "No file was changed. To correct the requirements in pyproject.toml, import them with"
        " `--no-lock`.\n"
    )
    assert snapshot(project.root) == before


def test_a_folder_without_a_project_gets_one(project: MemoryProject) -> None:
    (project.root / "pyproject.toml").unlink()
    put(project, "requirements.txt", "app==1.0\n")
    done = run(project, "import", "training", source(project, "requirements.txt"))
    assert done.code == 0, done.errors
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    assert text.startswith('[project]\nname = "demo"\nversion = "0.1.0"\nrequires-python = ">=3.')
    assert "[tool.poetry]\npackage-mode = false\n" in text
    assert project.locked == {"training": "app 1.0, lib 2.0"}


def test_sources_have_names_and_no_credentials(project: MemoryProject) -> None:
    project.index.offer({"ours 1.0+b3": [], "ours 1.1": []}, "pypi.example.org")
    put(
        project,
        "requirements.txt",
        "--extra-index-url https://me:s3cret@pypi.example.org/simple\nours==1.0+b3\napp==1.0\n",
    )
    done = run(project, "import", "training", source(project, "requirements.txt"), "--pinned")
    assert done.code == 0, done.errors
    assert done.output.startswith(
        "- The source pypi-example-org needs a login, which was not imported. Configure it with"
        " `poetry config http-basic.pypi-example-org USERNAME`.\n"
    )
    assert project.locked == {"training": "app 1.0, lib 2.0, ours 1.0+b3"}
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    assert "s3cret" not in text + done.output
    assert (
        """\
[tool.poetry.group.training.dependencies]
ours = { source = "pypi-example-org" }

[[tool.poetry.source]]
name = "pypi-example-org"
url = "https://pypi.example.org/simple"
priority = "supplemental"
"""
        in text
    )


def test_versions_of_another_index_stay(project: MemoryProject) -> None:
    project.index.offer({"ours 1.0": [], "ours 1.1": [], "lib 1.5": []}, "pypi.example.org")
    put(
        project,
        "requirements.txt",
        "--index-url https://pypi.example.org/simple\nours==1.0\nlib\n",
    )
    done = run(project, "import", "training", source(project, "requirements.txt"))
    assert done.code == 0, done.errors
    assert project.locked == {"training": "lib 1.5, ours 1.0"}
    lock = (project.root / "fti/training/poetry.lock").read_text(encoding="utf-8")
    assert lock.count('reference = "pypi-example-org"') == 2


def test_a_python_that_is_too_old_is_left_out(project: MemoryProject) -> None:
    put(project, "old.yml", "dependencies: [python=3.6.2, pip: [app]]\n")
    done = run(project, "import", "training", source(project, "old.yml"))
    assert done.code == 0, done.errors
    assert (
        "Python >=3.6,<3.7 was left out, since it is too old. The stage has the Python of the"
        " project." in done.output
    )
    assert project.locked == {"training": "app 1.5, lib 2.0"}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("training nowhere.txt", 1, "There is no file nowhere.txt."),
        ("training folder.txt", 1, "folder.txt cannot be read: Is a directory."),
        (
            "training x.docx",
            2,
            (
                '"x.docx" cannot be imported. Name a file such as *.yml, *.yaml,'
                " *.json, MLmodel, pixi.toml, setup.cfg, pyproject.toml, hatch.toml, uv.lock,"
                " pdm.lock, poetry.lock, pixi.lock, pylock.toml, pylock.*.toml, Pipfile,"
                " Pipfile.lock, Dockerfile, Dockerfile.*, *.dockerfile, *.ipynb, *.txt or *.in."
            ),
        ),
        (
            "training r.txt:gpu",
            2,
            'r.txt has one environment only. Name the file without ":gpu".',
        ),
        (
            "mine r.txt",
            2,
            (
                'The kind of the new stage "mine" is not known. Pass `--kind feature`, `--kind'
                " training` or `--kind inference`."
            ),
        ),
        ("mine r.txt --kind x", 2, 'Unknown kind "x" (known: feature, training, inference).'),
        ("bad.name r.txt --kind feature", 2, "pyproject.toml has 1 problem:"),
        ("training outside.txt", 1, "passwd is not in the project, nor in the folder of an"),
    ],
)
def test_errors_change_no_file(project: MemoryProject, words: str, code: int, message: str) -> None:
    put(project, "r.txt", "lib\n")
    put(project, "outside.txt", "-r /etc/passwd\n")
    (project.root / "folder.txt").mkdir()
    before = snapshot(project.root)
    stage, name, *rest = words.split()
    done = run(project, "import", stage, source(project, name), *rest)
    assert done.code == code
    assert message in done.errors
    assert snapshot(project.root) == before


def test_a_file_without_requirements_is_reported(project: MemoryProject) -> None:
    put(project, "r.txt", "# lib\n")
    done = run(project, "import", "training", source(project, "r.txt"), "--no-lock")
    assert done.code == 0
    assert done.output.splitlines()[0] == "- There is no requirement in what is imported."


def test_versions_that_exclude_each_other_are_named(project: MemoryProject) -> None:
    put(project, "r.txt", "lib==1.0\n")
    put(project, "gpu.txt", "app\nlib==2.0\n")
    before = snapshot(project.root)
    done = run(project, "import", "training", source(project, "r.txt"), source(project, "gpu.txt"))
    assert (done.code, done.errors) == (
        1,
        (
            "lib is required in versions that exclude each other: ==1.0,==2.0. Keep one of these"
            " constraints in the imported files.\n"
        ),
    )
    assert snapshot(project.root) == before


def test_extras_of_the_project_are_those_of_the_stage(project: MemoryProject) -> None:
    project.write(
        pyproject({"training": ["app"]}, '[tool.fti.stages.training]\nextras = ["web"]\n')
        + '[project.optional-dependencies]\nfast = ["lib<2"]\nweb = ["web"]\n'
    )
    put(project, "r.txt", "-e .[fast,missing]\n")
    done = run(project, "import", "training", source(project, "r.txt"), "--no-lock")
    assert done.code == 0, done.errors
    note = (
        "has no extra missing, which was left out. Declare it in `project.optional-dependencies`,"
    )
    assert note in done.output
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    assert '[tool.fti.stages.training]\nextras = ["web", "fast"]\n' in text
    put(project, "serve.txt", ".[web]\n")
    done = run(project, "import", "inference", source(project, "serve.txt"))
    assert done.code == 0, done.errors
    assert project.locked == {"inference": "lib 2.0, web 3.0"}


EXPORTS: Final = (
    ("requirements", "requirements.txt"),
    ("constraints", "constraints.txt"),
    ("pylock", "pylock.training.toml"),
    ("pyproject", "pyproject.toml:training"),
    ("conda", "environment.yml"),
    ("mlflow", "conda.yaml"),
    ("mlflow", "python_env.yaml"),
    ("mlflow", "requirements.mlflow.txt"),
    ("azureml", "azureml-environment.yml"),
    ("cyclonedx", "training.cdx.json"),
    ("ray", "runtime_env.yaml"),
    ("lock", "poetry.lock"),
)


@pytest.fixture(scope="module")
def pinned_before(tmp_path_factory: pytest.TempPathFactory) -> MemoryProject:
    with project_in(tmp_path_factory.mktemp("pinned")) as before:
        more: Releases = {"app 1.0": ["lib", "win; sys_platform == 'win32'"], "win 1.0": []}
        before.index.offer({**RELEASES, **more, "win 2.0": []})
        before.write(pyproject({"training": ["app<1.5", "lib<2", "win<2"]}))
        before.lock()
    return before


@pytest.fixture(scope="module")
def proxied_before(tmp_path_factory: pytest.TempPathFactory) -> MemoryProject:
    with project_in(tmp_path_factory.mktemp("proxied")) as before:
        before.index.offer({**SOCKS, "app 2.0": SOCKS["app 1.0"]})
        settings = 'constraints = ["lib<2", "socks<2", "deep<2"]\n'
        before.write(
            pyproject({"training": ["app[proxy]<2"]}, f"[tool.fti.stages.training]\n{settings}")
        )
        before.lock()
    return before


def export(project: MemoryProject, format_: str) -> None:
    if format_ != "lock":
        exported = run(project, "export", "--format", format_)
        assert exported.code == 0, exported.errors


@pytest.mark.parametrize(("format_", "name"), EXPORTS)
def test_an_export_is_imported_at_the_same_versions(
    demo: MemoryProject, pinned_before: MemoryProject, format_: str, name: str
) -> None:
    project = filled(demo, pinned_before)
    export(project, format_)
    done = run(project, "import", "inference", source(project, f"fti/training/{name}"))
    assert done.code == 0, done.errors
    assert project.locked == {
        "training": "app 1.0, lib 1.0, win 1.0",
        "inference": "app 1.0, lib 1.0, win 1.0",
    }


SOCKS: Final[Releases] = {
    "app 1.0": ["lib", "socks; extra == 'proxy'", "win; extra == 'proxy'"],
    "lib 1.0": [],
    "lib 2.0": [],
    "socks 1.0": ["deep"],
    "socks 2.0": ["deep"],
    "deep 1.0": [],
    "deep 2.0": [],
    "win 1.0": [],
}


@pytest.mark.parametrize(("format_", "name"), EXPORTS)
def test_an_export_is_imported_with_the_packages_of_an_extra(
    demo: MemoryProject, proxied_before: MemoryProject, format_: str, name: str
) -> None:
    project = filled(demo, proxied_before)
    export(project, format_)
    done = run(project, "import", "inference", source(project, f"fti/training/{name}"))
    assert done.code == 0, done.errors
    packages = "app 1.0, deep 1.0, lib 1.0, socks 1.0, win 1.0"
    assert project.locked == {"training": packages, "inference": packages}


COMPILED: Final = """\
app==1.0
    # via demo
deep==1.0
    # via socks
lib==1.0
    # via app
socks==1.0
    # via app
win==1.0 ; sys_platform == "win32"
    # via app
"""


def test_packages_of_an_extra_become_requirements(project: MemoryProject) -> None:
    project.index.offer(SOCKS)
    put(project, "requirements.txt", COMPILED)
    words = ("import", "training", source(project, "requirements.txt"))
    before = snapshot(project.root)
    shown = run(project, *words, "--dry-run")
    assert shown.output.endswith(
        "Packages that the lock lacks because the files do not record extras would become"
        " requirements, too.\nDry run: no file was written.\n"
    )
    assert snapshot(project.root) == before
    done = run(project, *words)
    assert (done.code, done.errors) == (0, "")
    assert project.locked == {"training": "app 1.0, deep 1.0, lib 1.0, socks 1.0, win 1.0"}
    assert done.output == (
        "training: locked 5 packages\nCreated the stage training.\ndeep, socks and win became"
        " requirements: no other package requires them without an extra, and the imported files do"
        " not record extras.\n"
    )
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    assert '"win>=1.0 ; sys_platform == \\"win32\\"",' in text
    assert '"app>=1.0",\n    "deep>=1.0",\n    "socks>=1.0",\n' in text
    before = snapshot(project.root)
    again = run(project, *words)
    assert again.output.endswith("training has all that is imported already.\n")
    assert snapshot(project.root) == before


def test_packages_of_an_extra_keep_exact_versions(project: MemoryProject) -> None:
    project.index.offer(SOCKS)
    put(project, "requirements.txt", COMPILED)
    words = (source(project, "requirements.txt"), "--pinned")
    assert run(project, "import", "training", *words).code == 0
    assert '"socks==1.0",' in (project.root / "pyproject.toml").read_text(encoding="utf-8")


def test_without_a_lock_packages_of_an_extra_are_left_out(project: MemoryProject) -> None:
    put(project, "requirements.txt", COMPILED)
    words = (source(project, "requirements.txt"), "--no-lock")
    assert "requirements, too" not in run(project, "import", "training", *words, "--dry-run").output
    done = run(project, "import", "training", *words)
    assert done.output == "Created the stage training.\nLock it with poetry fti lock training.\n"
    assert "socks" not in (project.root / "pyproject.toml").read_text(encoding="utf-8")


def test_what_does_not_apply_or_was_excluded_is_not_added(project: MemoryProject) -> None:
    project.index.offer(SOCKS)
    settings = 'platforms = ["linux/amd64"]\nexclude = ["socks", "deep"]\n'
    project.write(pyproject({"training": ["lib"]}, f"[tool.fti.stages.training]\n{settings}"))
    old = 'old==1.0 ; python_version < "3.9"\n    # via app\n'
    put(project, "requirements.txt", COMPILED + old)
    done = run(project, "import", "training", source(project, "requirements.txt"))
    assert done.code == 0, done.errors
    assert project.locked == {"training": "app 1.0, lib 1.0"}
    assert done.output.endswith("Extended the stage training.\n")
    assert "socks\n" not in (project.root / "pyproject.toml").read_text(encoding="utf-8")


def test_packages_of_an_extra_that_cannot_be_locked_are_listed(project: MemoryProject) -> None:
    project.index.offer({**SOCKS, "socks 2.0": ["lib>=3"], "socks 1.0": ["lib>=3"]})
    project.write(pyproject({"training": ["lib<2"]}))
    put(project, "requirements.txt", COMPILED)
    done = run(project, "import", "training", source(project, "requirements.txt"))
    assert (done.code, done.errors) == (0, "")
    assert project.locked == {"training": "app 1.0, lib 1.0"}
    assert done.output.endswith(
        "deep, socks and win are not locked: no other package requires them without an extra, the"
        " imported files do not record extras, and the stage cannot be locked with them. Run poetry"
        " fti add training deep socks win for the reason.\n"
    )
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    assert "training = ['lib<2', \"app>=1.0\"]" in text


def test_a_failure_with_packages_of_an_extra_changes_no_file(project: MemoryProject) -> None:
    put(project, "requirements.txt", COMPILED.replace("app==1.0", "none==1.0"))
    before = snapshot(project.root)
    done = run(project, "import", "training", source(project, "requirements.txt"))
    assert done.code == 1
    assert snapshot(project.root) == before


def test_a_uv_project_becomes_stages(project: MemoryProject) -> None:
    project.index.offer({"lib 3.0": []}, "pypi.example.org")
    before = pyproject({"training": ["lib"], "inference": ["app"]}) + (
        "# uv\n[tool.uv.sources]\nlib = { index = 'corp' }\n"
        "[[tool.uv.index]]\nname = 'corp'\nurl = 'https://pypi.example.org/simple'\n"
        "explicit = true\n"
    )
    project.write(before)
    put(
        project,
        "uv.lock",
        '[[package]]\nname = "demo"\nsource = { virtual = "." }\n[[package]]\nname = "app"\n'
        'version = "1.0"\ndependencies = [{ name = "lib" }]\n[[package]]\nname = "lib"\n'
        'version = "1.0"\n',
    )
    for stage in ("training", "inference"):
        done = run(project, "import", stage, source(project, "uv.lock"))
        assert done.code == 0, done.errors
    assert project.locked == {"training": "lib 3.0", "inference": "app 1.0, lib 1.0"}
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    assert text.startswith(before)
    assert '[tool.poetry.group.training.dependencies]\nlib = { source = "corp" }\n' in text


def install(folder: Path, name: str, *lines: str, requested: bool = False, url: str = "") -> None:
    info = folder / f"lib/python3.11/site-packages/{name.replace(' ', '-')}.dist-info"
    info.mkdir(parents=True)
    package, number = name.split()
    fields = [f"Name: {package}", f"Version: {number}", *lines, "", "Requires-Dist: text"]
    (info / "METADATA").write_text("\n".join(fields), encoding="utf-8")
    if requested:
        (info / "REQUESTED").touch()
    if url:
        text = json.dumps({"url": url, "dir_info": {"editable": True}})
        (info / "direct_url.json").write_text(text, encoding="utf-8")


@pytest.fixture
def environment(project: MemoryProject) -> Path:
    folder = project.root / ".venv"
    folder.mkdir()
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.4\n", encoding="utf-8")
    install(folder, "app 1.0", "Requires-Dist: Lib (>=1)", "Requires-Dist: web; extra == 'x'")
    install(folder, "lib 1.0")
    install(folder, "web 3.0", requested=True)
    install(folder, "pip 24.0", requested=True)
    install(folder, "demo 1", url=project.root.as_uri())
    return folder


def test_a_running_environment(project: MemoryProject, environment: Path) -> None:
    project.index.offer({**RELEASES, "web 3.0": []})
    done = run(project, "import", "training", "--python", str(environment))
    assert done.code == 0, done.errors
    assert done.output.startswith("- demo is the project itself, which is in every stage.\n")
    assert project.locked == {"training": "app 1.0, lib 1.0, web 3.0"}
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    assert 'training = [\n    "app>=1.0",\n    "web>=3.0",\n]' in text
    assert 'python = ">=3.11,<3.12"' in text


def test_the_versions_of_a_running_environment(project: MemoryProject, environment: Path) -> None:
    put(project, "requirements.in", "app\n")
    words = (source(project, "requirements.in"), "--python", str(environment))
    done = run(project, "import", "training", *words)
    assert done.code == 0, done.errors
    assert project.locked == {"training": "app 1.0, lib 1.0"}


def test_an_import_again_changes_nothing(project: MemoryProject) -> None:
    put(project, "requirements.txt", "app==1.0\n")
    words = ("import", "training", source(project, "requirements.txt"))
    assert run(project, *words).code == 0
    before = snapshot(project.root)
    done = run(project, *words)
    assert done.code == 0, done.errors
    assert done.output.endswith("training has all that is imported already.\n")
    assert snapshot(project.root) == before


def test_what_changes_for_poetry_is_said(project: MemoryProject) -> None:
    project.write(pyproject({"feature": ["lib"]}))
    assert run_poetry(project, "lock").code == 0
    put(project, "requirements.txt", "app==1.0\n")
    done = run(project, "import", "training", source(project, "requirements.txt"))
    assert done.code == 0, done.errors
    assert done.output.startswith(
        "- Because of `isolated`, `poetry lock` and Poetry's other commands will leave out the"
        " group feature, which `poetry fti lock` locks instead.\n"
        "- Update poetry.lock, which will no longer match, with `poetry lock`.\n"
    )


def test_a_package_beside_a_file_that_is_reached_through_a_link(
    project: MemoryProject, tmp_path: Path
) -> None:
    put(project, "libs/ours/pyproject.toml", '[project]\nname = "ours"\nversion = "1"\n')
    put(project, "libs/requirements.txt", "-e ./ours\n")
    (tmp_path / "link").symlink_to(project.root)
    words = (str(tmp_path / "link/libs/requirements.txt"), "--no-lock")
    done = run(project, "import", "training", *words)
    assert done.code == 0, done.errors
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    assert 'ours = { path = "libs/ours", develop = true }' in text


@pytest.mark.parametrize("name", ["", "/", "/inner/.."])
def test_the_folder_of_a_model_that_a_path_does_not_name(
    project: MemoryProject, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    put(project, "model/MLmodel", "flavors: {}\n")
    put(project, "model/inner/x", "")
    put(project, "model/requirements.txt", "lib==1.0\n")
    monkeypatch.chdir(project.root / "model")
    done = run(project, "import", "inference", f".{name}", "--dry-run")
    assert (done.code, done.errors) == (0, "")
    assert '"lib>=1.0"' in done.output


def test_without_a_source_there_is_an_error(project: MemoryProject) -> None:
    done = run(project, "import", "training")
    assert (done.code, done.errors) == (
        2,
        "No source is named. Name a file, or pass `--python PATH`.\n",
    )


@pytest.fixture
def repository(project: MemoryProject) -> MemoryProject:
    put(project, "train/requirements.txt", "-r ../base.txt\nlib==1.0\n")
    put(project, "base.txt", "app==1.0\n")
    put(project, "serve/environment.yml", "dependencies: [web]\n")
    put(project, "serve/Dockerfile", "FROM x\nRUN pip install -r requirements.txt\n")
    put(project, "tools/requirements-dev.txt", "lib\n")
    put(project, "other/requirements.txt", "!!\n")
    put(project, ".venv/requirements.txt", "lib\n")
    return project


PLAN: Final = """\
stage      kind       file                    because
inference  inference  serve/environment.yml   its name has "serve"
training   training   train/requirements.txt  its name has "train"

Not imported:
  tools/requirements-dev.txt  for development
  other/requirements.txt      other/requirements.txt, line 1: "!!" is not a requirement (PEP 508).
"""


def test_a_repository_is_searched_for_stages(repository: MemoryProject) -> None:
    before = snapshot(repository.root)
    done = run(repository, "import", "--discover", "--dry-run")
    assert (done.code, done.output, done.errors) == (0, PLAN, "")
    refused = run(repository, "import", "--discover", answers="no\n")
    assert refused.code == 1
    assert refused.errors.endswith("Command aborted\n")
    assert snapshot(repository.root) == before


def test_what_was_found_is_imported(repository: MemoryProject) -> None:
    done = run(repository, "import", "--discover", answers="\n")
    assert done.code == 0, done.errors
    assert done.output.startswith(PLAN)
    assert repository.locked == {
        "training": "app 1.0, lib 1.0",
        "inference": "lib 2.0, web 3.0",
    }


def test_a_stage_that_fails_does_not_stop_the_others(repository: MemoryProject) -> None:
    put(repository, "serve/environment.yml", "dependencies: [no-such-package]\n")
    done = run(repository, "import", "--discover")
    assert done.code == 1
    assert repository.locked == {"training": "app 1.0, lib 1.0"}
    put(repository, "serve/environment.yml", "dependencies: [python=3.8, lib]\n")
    done = run(repository, "import", "--discover")
    assert done.code == 2
    assert done.errors == (
        "inference: inference needs Python >=3.8,<3.9, but the project needs >=3.11. Change"
        " requires-python in pyproject.toml.\n"
    )


def test_discovery_names_no_stage(project: MemoryProject) -> None:
    done = run(project, "import", "training", "--discover")
    assert (done.code, done.errors) == (
        2,
        (
            "`--discover` finds files and stages itself. Leave out the stage, `--kind` and"
            " `--python`.\n"
        ),
    )
    assert run(project, "import", "--discover").output == (
        "No file was found that can be imported into a stage.\n"
    )
    assert run(project, "import").errors.startswith("No stage is named.")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Pipfile", "[packages]\n'a b' = '*'\n"),
        ("Pipfile", "[packages]\n\"a\\nb\" = '*'\n"),
        ("Pipfile", "[packages]\na = { version = '*', markers = 'nonsense' }\n"),
        ("Pipfile", "[packages]\na = { version = '*', extras = ['b]'] }\n"),
        ("Pipfile", "[packages]\na = { git = 'ext::sh -c touch% hacked' }\n"),
        ("pixi.toml", "[pypi-dependencies]\na = { path = '\\u0000' }\n"),
        ("environment.yml", "dependencies: [lib]\nvariables: {'a b': 1}\n"),
        ("environment.yml", 'dependencies: [lib]\nvariables: {A: "\\0"}\n'),
        ("requirements.txt", "--index-url nonsense\nlib\n"),
        ("requirements.txt", "--extra-index-url https://[\nlib\n"),
        ("requirements.txt", "a @ https://[\n"),
        ("requirements.txt", "-e git+https://[#egg=a\n"),
        ("requirements.txt", "a===nonsense\n"),
        ("requirements.txt", "python==3.8\n"),
    ],
)
def test_what_poetry_would_refuse_changes_no_file(
    project: MemoryProject, name: str, text: str
) -> None:
    put(project, name, text)
    before = snapshot(project.root)
    done = run(project, "import", "training", source(project, name))
    assert done.code in {1, 2}, done.output
    assert done.errors
    assert snapshot(project.root) == before
