"""Real package tools resolve, build and install from the loopback index."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
import tomlkit
from packaging.pylock import Pylock
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness import Poetry, Result
from loopback.clients import PROJECTS, isolated_environment
from loopback.index import CREDENTIALS
from loopback.relocate import relocate
from poetry_fti.bridge.toml_parser import tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from loopback.index import LoopbackIndex

pytestmark = pytest.mark.newest_only

POETRY = ("poetry", "--no-plugins", "--no-interaction", "--no-ansi")

# Resolves to one recorded and several built packages, on whatever Python runs the tests.
REQUIREMENTS = ("boosting[plot]", "dotted-name.pkg", "oldie", "scikit-learn <1.8", "sparkish")
EXPECTED = {
    "alpha": "1.5",
    "boosting": "1.0",
    "dotted-name-pkg": "1.0",
    "drawing": "0.3",
    "oldie": "1.0",
    "sparkish": "3.5",
}


def run(environment: Mapping[str, str], folder: Path, *command: str | Path) -> Result:
    program, *words = map(str, command)
    if program == "poetry":
        return Poetry(environment)(folder, *words)
    done = subprocess.run(
        [sys.executable, "-m", program, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def succeed(environment: Mapping[str, str], folder: Path, *command: str | Path) -> str:
    done = run(environment, folder, *command)
    assert done.code == 0, done.output + done.errors
    return done.output


def has(*requirements: str) -> bool:
    for requirement in map(Requirement, requirements):
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            return False
        if version not in requirement.specifier:
            return False
    return True


@pytest.fixture
def without_venv(client_environment: dict[str, str]) -> dict[str, str]:
    return {**client_environment, "POETRY_VIRTUALENVS_CREATE": "false"}


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    write_project(tmp_path / "demo", REQUIREMENTS)
    return tmp_path / "demo"


def write_project(folder: Path, requirements: tuple[str, ...]) -> None:
    folder.mkdir()
    project = {
        "project": {
            "name": "demo",
            "version": "1",
            "requires-python": ">=3.10,<3.14",
            "dependencies": list(requirements),
        },
        "tool": {"poetry": {"package-mode": False}, "pdm": {"distribution": False}},
    }
    (folder / "pyproject.toml").write_text(tomlkit.dumps(project), encoding="utf-8")


def add_source(folder: Path, url: str, priority: str) -> None:
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[[tool.poetry.source]]\nname = "corp"\nurl = "{url}"\n')
        file.write(f'priority = "{priority}"\n')


def locked(lock: Path) -> dict[str, str]:
    packages: list[dict[str, Any]] = tomllib.loads(lock.read_text(encoding="utf-8"))["package"]
    return {package["name"]: package["version"] for package in packages}


def check(resolved: Mapping[str, str]) -> None:
    assert EXPECTED.items() <= resolved.items()
    assert {"scikit-learn", "numpy"} <= set(resolved)


def test_poetry_takes_it_for_its_default_index(
    demo: Path, without_venv: dict[str, str], loopback_index: LoopbackIndex
) -> None:
    succeed(without_venv, demo, *POETRY, "lock")
    check(locked(demo / "poetry.lock"))
    assert loopback_index.url not in (demo / "poetry.lock").read_text(encoding="utf-8")


def test_poetry_takes_it_for_a_source(
    demo: Path, without_venv: dict[str, str], loopback_index: LoopbackIndex
) -> None:
    add_source(demo, loopback_index.simple_url, "primary")
    succeed(without_venv, demo, *POETRY, "lock")
    check(locked(demo / "poetry.lock"))
    lock = (demo / "poetry.lock").read_text(encoding="utf-8")
    assert f'url = "{loopback_index.simple_url.rstrip("/")}"' in lock


def test_poetry_shows_its_credentials(
    tmp_path: Path, without_venv: dict[str, str], loopback_index: LoopbackIndex
) -> None:
    demo = tmp_path / "demo"
    write_project(demo, ("torchish >=2.1", "corp-metrics"))
    add_source(demo, f"{loopback_index.url}guarded/simple/", "supplemental")
    assert run(without_venv, demo, *POETRY, "lock").code == 1
    user, password = CREDENTIALS
    known = {"POETRY_HTTP_BASIC_CORP_USERNAME": user, "POETRY_HTTP_BASIC_CORP_PASSWORD": password}
    succeed({**without_venv, **known}, demo, *POETRY, "lock")
    assert locked(demo / "poetry.lock")["corp-metrics"] == "1.0"


def test_uv_resolves(demo: Path, client_environment: dict[str, str]) -> None:
    command = ("uv", "pip", "compile", "--no-header", "--no-annotate", "pyproject.toml")
    out = succeed(client_environment, demo, *command)
    check(dict(line.split("==") for line in out.splitlines()))


def test_uv_resolves_for_another_platform(demo: Path, client_environment: dict[str, str]) -> None:
    command = ("uv", "pip", "compile", "--format", "pylock.toml", "--python-platform", "macos")
    out = succeed(client_environment, demo, *command, "pyproject.toml")
    lock = Pylock.from_dict(tomllib.loads(out))
    check({package.name: str(package.version) for package in lock.packages})


@pytest.mark.skipif(
    not has("pdm", "hishel <2", "unearth <0.19"),
    reason="pdm 2.29 works with older libraries only than it asks for",
)
def test_pdm_resolves(demo: Path, client_environment: dict[str, str]) -> None:
    # Without it pdm makes a virtual environment of the first Python it finds.
    environment = {**client_environment, "PDM_USE_VENV": "0"}
    succeed(environment, demo, "pdm", "lock")
    check(locked(demo / "pdm.lock"))


def test_pip_resolves(demo: Path, client_environment: dict[str, str]) -> None:
    succeed(
        client_environment,
        demo,
        *("pip", "install", "--dry-run", "--ignore-installed", "--quiet"),
        *("--report", "report.json", *REQUIREMENTS),
    )
    report = json.loads((demo / "report.json").read_text(encoding="utf-8"))
    found = [each["metadata"] for each in report["install"]]
    check({canonicalize_name(each["name"]): each["version"] for each in found})


@pytest.mark.parametrize(
    "installer", [("pip", "install"), ("uv", "pip", "install", "--python", sys.executable)]
)
def test_what_was_built_installs(
    installer: tuple[str, ...], tmp_path: Path, client_environment: dict[str, str]
) -> None:
    wanted = ("native", "sourceonly", "webby[standard]", "torchish >=2.1")
    site = tmp_path / "site"
    succeed(client_environment, tmp_path, *installer, "--target", site, *wanted)
    code = "import native, sourceonly, torchish, webby; print(sourceonly.__version__)"
    (tmp_path / "show.py").write_text(code, encoding="utf-8")
    shown = succeed({**client_environment, "PYTHONPATH": str(site)}, tmp_path, "show")
    assert shown == "1.0\n"


def test_poetry_installs_a_stage(
    tmp_path: Path, project: Callable[[str], Path], client_environment: dict[str, str]
) -> None:
    tiny = project("tiny")
    keep_groups(tiny / "pyproject.toml", "inference")
    environment = {**client_environment, "POETRY_VIRTUALENVS_IN_PROJECT": "true"}
    succeed(environment, tiny, *POETRY, "install", "--no-root")
    installed = {path.name for path in (tiny / ".venv").rglob("*.dist-info")}
    assert {"sourceonly-1.0.dist-info", "native-1.0.dist-info"} <= installed
    assert not list(tmp_path.glob("home/poetry/virtualenvs/*"))


def keep_groups(pyproject: Path, *names: str) -> None:
    data = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    groups = data["dependency-groups"]
    data["dependency-groups"] = {name: groups[name] for name in names}
    pyproject.write_text(tomlkit.dumps(data), encoding="utf-8")


needs_311 = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="plain Poetry wants a Python that the project allows"
)


@needs_311
@pytest.mark.parametrize(
    ("name", "group"),
    [("deep", "numpy"), ("fleet", "numpy"), ("tiny", "sparkish is incompatible with torchish")],
)
def test_stages_that_conflict(
    name: str, group: str, project: Callable[[str], Path], without_venv: dict[str, str]
) -> None:
    done = run(without_venv, project(name), *POETRY, "lock")
    assert done.code == 1
    assert group in done.output + done.errors


@needs_311
def test_stages_that_agree(project: Callable[[str], Path], without_venv: dict[str, str]) -> None:
    tabular = project("tabular")
    pyproject = tabular / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    # They require most packages, and take Poetry most of the time.
    small = re.sub(r', "great-expectations"|"mlflow"|\[standard\]', "", text)
    pyproject.write_text(small, encoding="utf-8")
    succeed(without_venv, tabular, *POETRY, "lock")
    assert {"pyarrow", "xgboost", "fastapi"} <= set(locked(tabular / "poetry.lock"))


@needs_311
def test_a_moved_project_stays_locked(
    project: Callable[[str], Path], without_venv: dict[str, str]
) -> None:
    migrant = project("migrant")
    before = (migrant / "poetry.lock").read_text(encoding="utf-8")
    succeed(without_venv, migrant, *POETRY, "check", "--lock")
    succeed(without_venv, migrant, *POETRY, "lock")
    assert (migrant / "poetry.lock").read_text(encoding="utf-8") == before


def test_a_dead_index_is_told(tmp_path: Path, own_index: LoopbackIndex, demo: Path) -> None:
    environment = isolated_environment(tmp_path / "home", own_index.url)
    own_index.fail("garbage")  # others are tried again for half a minute
    done = run({**environment, "POETRY_VIRTUALENVS_CREATE": "false"}, demo, *POETRY, "lock")
    assert done.code == 1
    assert not (demo / "poetry.lock").exists()


def test_a_project_is_moved_back_and_forth(tmp_path: Path) -> None:
    moved = shutil.copytree(PROJECTS / "migrant", tmp_path / "migrant")
    relocate(moved, "http://127.0.0.1:1/")
    lock = (moved / "poetry.lock").read_text(encoding="utf-8")
    assert "http://127.0.0.1:1/private/simple" in lock
    assert ":8765" not in lock


def test_the_command_says_where_it_serves(
    tmp_path: Path, client_environment: dict[str, str]
) -> None:
    command = [sys.executable, "-m", "loopback", "--latency", "1", "--artifacts", "built"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=client_environment, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            url = server.stdout.readline().strip()
            with urlopen(f"{url}private/simple/corp-metrics/") as page:  # noqa: S310 -- http
                assert b"corp_metrics-1.0.tar.gz" in page.read()
        finally:
            server.terminate()
