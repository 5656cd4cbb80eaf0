"""Docker builds the images as they are written, and they hold what they should and no more."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import re
import subprocess
import time
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import Version
from poetry.factory import Factory

from containers import docker, inspected, layers
from loopback import in_tree_backend
from loopback.archives import Artifact
from loopback.index import CREDENTIALS
from poetry_fti.bridge.project.code import project_code
from poetry_fti.exporters.docker.quoting import assignments, exec_form, quoted
from poetry_fti.exporters.images import dockerfile
from poetry_fti.exporters.python import requirements
from poetry_fti.model.images.healthcheck import Healthcheck, HttpProbe
from poetry_fti.model.images.image import Image
from poetry_fti.model.lock import Code, LockedFile, LockedPackage, LockedStage
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin, GitOrigin, IndexOrigin
from poetry_fti.model.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loopback.index import LoopbackIndex
    from poetry_fti.model.images.image import Installer
    from poetry_fti.model.origins import Origin

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("engine")]

PEOPLE = ("AUTHOR", "COMMITTER")
ODD = "R&D, it's $HOME {1} #2"
REPORT = """\
import importlib.metadata, json, os, pathlib, sys
print(json.dumps({
    "packages": {d.name: d.version for d in importlib.metadata.distributions(path=sys.path[1:])
                 if "/opt/venv" in str(d.locate_file(""))},
    "user": os.getuid(),
    "home": os.access(pathlib.Path.home(), os.W_OK),
    "folder": os.getcwd(),
    "files": sorted(str(p) for p in pathlib.Path("/app").rglob("*") if p.is_file()),
    "words": sys.argv[1:],
}))
"""


@pytest.fixture
def tag(request: pytest.FixtureRequest) -> Iterator[str]:
    name = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]
    yield f"poetry-fti-test:{name}"
    docker("image", "rm", "-f", f"poetry-fti-test:{name}", check=False)


def package(
    name: str, version: str = "1.0", origin: Origin | None = None, file: Path | None = None
) -> LockedPackage:
    files = []
    if file:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        files.append(LockedFile(name=file.name, digest=f"sha256:{digest}"))
    return LockedPackage(
        name=canonicalize_name(name),
        version=Version(version),
        origin=origin or IndexOrigin("loopback"),
        files=tuple(files),
    )


def stage(*packages: LockedPackage, image: Image = Image()) -> LockedStage:
    return LockedStage(
        stage=Stage(
            name="inference",
            kind="inference",
            groups=(),
            closure=(),
            env=(("SHARED", "stage"), ("GREETING", "stage")),
            image=image,
        ),
        folder=PurePosixPath("fti/inference"),
        requires_python=">=3.12,<3.13",
        digest="sha256:0123",
        packages=packages,
        code=Code(
            packages=(PurePosixPath("src/credit"),),
            roots=(PurePosixPath("src"),),
        ),
    )


@dataclass
class Project:
    """A project on disk whose stage is built into an image."""

    root: Path
    index: str
    tag: str
    prefix: str = ""

    def write(self, path: str, text: str | bytes) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)
        return target

    def build(self, locked: LockedStage, *options: str, check: bool = True) -> str:
        index = IndexOrigin("loopback", f"{self.index}{self.prefix}simple/")
        locked = replace(locked, indexes=(index,))
        texts = {**requirements.files(locked), **dockerfile.files(locked)}
        for name, text in texts.items():
            self.write(f"{locked.folder}/{name}", text)
        where = ("-f", self.root / locked.folder / "Dockerfile", "-t", self.tag, self.root)
        self.forget()
        return docker("build", "--network=host", "--progress=plain", *options, *where, check=check)

    def forget(self) -> None:
        """Remove the image, which would stay without a name when another takes it."""
        docker("image", "rm", "-f", self.tag, check=False)

    def run(self, *words: str) -> str:
        return docker("run", "--rm", "--network=none", self.tag, *words)

    def report(self, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("python", "-c", REPORT, *words))
        return found

    def wait_until_checked(self, container: str) -> str:
        """Return what the engine says of a container's health as soon as it is decided."""
        for _ in range(300):
            status = docker("inspect", "--format", "{{.State.Health.Status}}", container).strip()
            if status != "starting":
                return status
            time.sleep(0.2)
        raise AssertionError(docker("inspect", container))

    def config(self) -> dict[str, Any]:
        return inspected(self.tag)


@pytest.fixture
def project(tmp_path: Path, loopback_index: LoopbackIndex, tag: str) -> Project:
    made = Project(tmp_path / "project", loopback_index.url, tag)
    made.write("src/credit/__init__.py", "ANSWER = 42\n")
    return made


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a loopback port; yield host and port."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def alpha(built_artifacts: Path) -> LockedPackage:
    return package("alpha", "1.5", file=built_artifacts / "alpha-1.5-py3-none-any.whl")


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_an_image_holds_the_packages_and_runs_the_command(
    project: Project, alpha: LockedPackage, built_artifacts: Path, installer: Installer
) -> None:
    command = ("python", "-c", "import credit, sys; print(credit.ANSWER, sys.argv)", 'a "b" $HOME')
    locked = stage(
        alpha,
        package("oldie", file=built_artifacts / "oldie-1.0.tar.gz"),
        image=Image(
            installer=installer,
            command=command,
            env=(("GREETING", 'a "b" $PATH \\ # ü'),),
        ),
    )

    project.build(locked)

    config = project.config()["Config"]
    assert config["Cmd"] == list(command)
    assert config["User"] == "10001"
    assert {
        "SHARED=stage",
        'GREETING=a "b" $PATH \\ # ü',
        "PYTHONUNBUFFERED=1",
        "PYTHONPATH=/app/src",
    } <= set(config["Env"])
    assert (
        config["Labels"]
        | {
            "org.opencontainers.image.base.name": "docker.io/library/python:3.12-slim-bookworm",
            "org.opencontainers.image.title": "inference",
            "poetry-fti.stage": "inference",
            "poetry-fti.kind": "inference",
        }
        == config["Labels"]
    )
    assert project.run() == "42 ['-c', 'a \"b\" $HOME']\n"
    assert project.report() == {
        "packages": {"alpha": "1.5", "oldie": "1.0"},
        "user": 10001,
        "home": True,
        "folder": "/app",
        "files": ["/app/src/credit/__init__.py"],
        "words": [],
    }


def test_an_image_runs_as_it_is_told(project: Project, alpha: LockedPackage) -> None:
    image = Image(
        user="worker",
        workdir=PurePosixPath("/srv/credit"),
        labels=(("com.example.team", 'a "b" $HOME'),),
        expose=("8000", "8125/udp"),
        entrypoint=("python", "-c", f"import credit\n{REPORT}", 'a "b" $HOME'),
        command=("more",),
    )

    project.build(stage(alpha, image=image))

    config = project.config()["Config"]
    assert config["User"] == "worker"
    assert config["WorkingDir"] == "/srv/credit"
    assert config["Labels"]["com.example.team"] == 'a "b" $HOME'
    assert set(config["ExposedPorts"]) == {"8000/tcp", "8125/udp"}
    assert config["Entrypoint"] == list(image.entrypoint)
    assert json.loads(project.run()) == {
        "packages": {"alpha": "1.5"},
        "user": 10001,
        "home": True,
        "folder": "/srv/credit",
        "files": [],
        "words": ['a "b" $HOME', "more"],
    }


# The base has a user "www-data" of uid 33, and nobody of uid 1000.
@pytest.mark.parametrize(
    ("user", "name", "uid"),
    [("1000", "app", 1000), ("www-data", "www-data", 33), ("33", "www-data", 33), ("0", "root", 0)],
)
def test_an_image_runs_as_a_user_of_its_base_or_a_new_one(
    project: Project, user: str, name: str, uid: int
) -> None:
    project.build(stage(image=Image(user=user)))

    assert project.run("sh", "-c", "id -un; id -u").split() == [name, str(uid)]


def test_an_image_holds_what_it_is_told_besides(project: Project, alpha: LockedPackage) -> None:
    project.write("models/m/net.bin", "net")
    project.write("models/.env", "planted")
    project.write(ODD, "odd")
    project.write("conf.yaml", "conf")
    image = Image(
        run_before=("touch /before", "rm /etc/issue"),
        build_apt=("tini",),
        copy=(
            (PurePosixPath("models"), PurePosixPath("/srv/models")),
            (PurePosixPath(ODD), PurePosixPath("odd file")),
            # Linked, it would take the place of the folder that /bin leads to.
            (PurePosixPath("conf.yaml"), PurePosixPath("/bin/conf.yaml")),
        ),
        run_after=(
            'python -c "import alpha, credit; print(credit.ANSWER)" > /after',
            'echo "$HOME" >> /after',
        ),
    )

    locked = stage(alpha, image=image)
    project.build(locked)

    assert project.report()["files"] == ["/app/odd file", "/app/src/credit/__init__.py"]
    assert project.run("find", "/srv/models", "-type", "f") == "/srv/models/m/net.bin\n"
    assert project.run("cat", "/app/odd file", "/bin/conf.yaml", "/after") == "oddconf42\n/root\n"
    look = "ls /before; command -v tini; test ! -e /etc/issue"
    assert project.run("sh", "-c", look) == "/before\n"

    project.build(locked, "--target=packages")
    assert project.run("sh", "-c", look) == "/before\n/usr/bin/tini\n"


def test_an_image_starts_from_a_dockerfile_of_ones_own(
    project: Project, alpha: LockedPackage
) -> None:
    project.write("docker/base.Dockerfile", "FROM python:3.12-slim-bookworm\nCOPY note /note\n")
    project.write("note", "own")
    image = Image(dockerfile=PurePosixPath("docker/base.Dockerfile"))
    base = f"{project.tag}-base"
    docker("build", "-f", project.root / "docker/base.Dockerfile", "-t", base, project.root)
    try:
        project.build(stage(alpha, image=image), f"--build-context=own-base=docker-image://{base}")
    finally:
        docker("image", "rm", base)

    assert project.run("cat", "/note") == "own"
    assert project.report()["packages"] == {"alpha": "1.5"}


TEMPLATE = """\
FROM python:3.12-slim-bookworm AS base
# fti: builder
FROM base AS tests
# fti: packages
RUN ["/opt/venv/bin/python", "-c", "import alpha; open('/tested', 'w').write(alpha.__name__)"]
FROM base
# fti: user
COPY --from=tests /tested /tested
WORKDIR /app
# fti: packages
# fti: code
# fti: environment
# fti: start
CMD ["cat", "/tested"]
"""


def test_a_template_is_built(project: Project, alpha: LockedPackage) -> None:
    image = Image(template=PurePosixPath("docker/inference.Dockerfile"), labels=(("a", "b"),))

    project.build(replace(stage(alpha, image=image), template=TEMPLATE))

    assert project.run() == "alpha"
    assert project.report()["files"] == ["/app/src/credit/__init__.py"]
    assert "a" not in project.config()["Config"]["Labels"]


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_stage_is_installed_into_an_interpreter_of_the_base(
    project: Project, alpha: LockedPackage, built_artifacts: Path, installer: Installer
) -> None:
    archive = built_artifacts / "oldie-1.0.tar.gz"
    project.write("libs/oldie-1.0.tar.gz", archive.read_bytes())
    add_tree(project, "libs/shared", "shared")
    image = Image(
        base="python:3.12-slim-bookworm",
        python="/usr/local/bin/python3.12",
        installer=installer,
        command=("python", "-c", "import alpha, credit, oldie, shared; print(credit.ANSWER)"),
    )
    packages = (
        alpha,
        package("oldie", "1.0", FileOrigin(PurePosixPath("libs/oldie-1.0.tar.gz")), archive),
        package("shared", "2.0", DirectoryOrigin(PurePosixPath("libs/shared"))),
    )

    project.build(stage(*packages, image=image))

    assert project.run() == "42\n"
    left = project.run("sh", "-c", "ls -A /build /opt /tmp 2>&1; command -v uv; true").splitlines()
    assert not {"uv", "builder", "requirements.txt", "libs", "/usr/local/bin/uv"} & set(left)


SERVER = """\
import http.server as h
class Handler(h.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health?a='b'" else 503)
        self.end_headers()
h.HTTPServer(("", 8000), Handler).serve_forever()
"""


@pytest.mark.parametrize(
    ("probe", "status"),
    [
        (HttpProbe("/health?a='b'", 8000), "healthy"),
        (HttpProbe("/other", 8000), "unhealthy"),
        (HttpProbe("/health?a='b'", 8001), "unhealthy"),
        (("python", "-c", "import credit, sys; sys.exit(credit.ANSWER - 42)"), "healthy"),
    ],
)
def test_the_engine_asks_whether_the_program_is_well(
    project: Project, probe: tuple[str, ...] | HttpProbe, status: str
) -> None:
    # Neither a module of the program's own nor a proxy is in the way.
    project.write("src/http.py", "raise SystemExit(0)")
    image = Image(
        healthcheck=Healthcheck(probe=probe, interval="1s", timeout="10s", retries=5),
        command=("python", "-I", "-c", SERVER),
        env=(("http_proxy", "http://127.0.0.1:1"),),
    )
    code = Code(
        packages=(PurePosixPath("src/credit"), PurePosixPath("src/http.py")),
        roots=(PurePosixPath("src"),),
    )

    project.build(replace(stage(image=image), code=code))

    container = docker("run", "--detach", "--network=none", project.tag).strip()
    try:
        assert project.wait_until_checked(container) == status
    finally:
        docker("rm", "--force", container)


@pytest.mark.parametrize(("installer", "unchecked"), [("uv", True), ("pip", False)])
def test_bytecode_does_not_depend_on_the_times_of_files(
    project: Project, alpha: LockedPackage, installer: Installer, *, unchecked: bool
) -> None:
    project.build(stage(alpha, image=Image(installer=installer)))

    find = "import alpha; print(open(alpha.__cached__, 'rb').read(8)[4])"

    assert project.run("python", "-c", find) == ("1\n" if unchecked else "3\n")


def test_an_edit_of_the_code_changes_one_layer(project: Project, alpha: LockedPackage) -> None:
    locked = stage(alpha)
    project.build(locked)
    before = project.config()["RootFS"]["Layers"]

    project.write("src/credit/__init__.py", "ANSWER = 43\n")
    log = project.build(locked)
    after = project.config()["RootFS"]["Layers"]

    assert [old == new for old, new in zip(before, after, strict=True)].count(False) == 1
    assert before[-1] != after[-1]
    install = re.search(r"^(#\d+) .*uv pip install", log, re.MULTILINE)
    assert install
    assert f"{install[1]} CACHED" in log
    assert project.run("python", "-c", "import credit; print(credit.ANSWER)") == "43\n"


WHEEL = """\
[project]
name = "credit"
version = "1.2"
readme = "README.md"
scripts = { credit-answer = "credit:main" }
[tool.poetry]
packages = [{ include = "credit", from = "src" }]
include = [{ path = "data/**/*", format = "wheel" }]
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"""
MAIN = "def main():\n    print({})\n"


@pytest.fixture
def backend_index(tmp_path: Path) -> Iterator[str]:
    """An index of nothing but poetry-core, as it is installed here."""
    core = importlib.metadata.distribution("poetry-core")
    wheel = tmp_path / "index/simple/poetry-core" / f"poetry_core-{core.version}-py3-none-any.whl"
    wheel.parent.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in core.files or ():
            if ".." not in file.parts and file.suffix != ".pyc":
                archive.write(file.locate(), str(file))
    page = f'<a href="{wheel.name}">{wheel.name}</a>'
    (wheel.parent / "index.html").write_text(page, encoding="utf-8")
    with served(tmp_path / "index") as address:
        yield f"http://{address}/"


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_the_code_is_installed_as_a_wheel(
    project: Project, built_artifacts: Path, backend_index: str, installer: Installer
) -> None:
    project.index = backend_index
    archive = PurePosixPath("libs/alpha-2.0-py3-none-any.whl")
    wheel = project.write(str(archive), (built_artifacts / archive.name).read_bytes())
    project.write("pyproject.toml", WHEEL)
    project.write("README.md", "Credit")
    project.write("LICENSE", "Free")
    project.write("data/a.json", "{}")
    project.write("src/credit/__init__.py", MAIN.format(42))
    project.write("src/credit/net.bin", "net")
    image = Image(installer=installer, code="wheel", command=("credit-answer",))
    code = project_code(Factory().create_poetry(project.root))
    alpha = package("alpha", "2.0", FileOrigin(archive), wheel)
    locked = replace(stage(alpha, image=image), code=code)

    project.build(locked)

    assert project.run() == "42\n"
    report = project.report()
    assert report["packages"] == {"alpha": "2.0", "credit": "1.2"}
    assert report["files"] == []
    found = project.run("find", "/opt/venv", "-type", "f", "-not", "-name", "*.pyc").split()
    names = {path.partition("/site-packages/")[2] for path in found}
    assert {"credit/net.bin", "data/a.json", "credit-1.2.dist-info/licenses/LICENSE"} <= names

    before = project.config()["RootFS"]["Layers"]
    project.write("src/credit/__init__.py", MAIN.format(43))
    log = project.build(locked)
    after = project.config()["RootFS"]["Layers"]
    assert [old == new for old, new in zip(before, after, strict=True)].count(False) == 1
    assert re.search(r"^(#\d+) .*--require-hashes.*\n\1 CACHED", log, re.MULTILINE)
    assert project.run() == "43\n"


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_credentials_reach_the_index_and_nothing_else(
    project: Project,
    own_index: LoopbackIndex,
    built_artifacts: Path,
    installer: Installer,
    tmp_path: Path,
) -> None:
    user, password = CREDENTIALS
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login {user} password {password}\n", encoding="utf-8")
    wheel = built_artifacts / "corp_metrics-1.0-py3-none-any.whl"
    locked = stage(package("corp-metrics", file=wheel), image=Image(installer=installer))
    # What an earlier build has fetched from the index is in a cache of the engine.
    project.index, project.prefix = own_index.url, "guarded/"

    assert "ERROR" in project.build(locked, check=False)
    log = project.build(locked, "--secret", f"id=netrc,src={netrc}")

    assert project.report()["packages"] == {"corp-metrics": "1.0"}
    assert password not in log
    assert password not in docker("history", "--no-trunc", project.tag)
    assert password not in json.dumps(project.config())
    saved = list(layers(project.tag))
    assert any(b"ANSWER = 42" in data for _, data in saved)
    assert not [name for name, data in saved if password.encode() in data]


# Below the root, a package and a source tree; "@" stands for an environment's name.
PLANTED = """
.git/config worktree/.git .hg/hgrc .svn/entries .jj/repo/store .bzr/x _darcs/x
@/pyvenv.cfg @/bin/python @/bin/python3.12 @/bin/pip3 @/bin/activate.fish @/bin/Activate.ps1
@/lib/python3.12/site-packages/secret/__init__.py @/Lib/site-packages/secret.py
@/Scripts/python.exe @/Scripts/activate.bat conda/conda-meta/history .pixi/envs/x .direnv/x
env/bin/uvicorn ENV/bin/uvicorn venv/bin/uvicorn virtualenv/bin/uvicorn my-env3.12/bin/uvicorn
venv/lib64/x venv/include/site/python3.12/x.h venv/share/man/man1/x.1 venv/Scripts/uvicorn
.venv/x .venv-training/x .virtualenv/x __pypackages__/3.12/lib/x.py
__pycache__/a.cpython-312.pyc a.pyc a.egg-info/PKG-INFO .eggs/x .cache/x .DS_Store Thumbs.db a.py~
.ipynb_checkpoints/a.ipynb .virtual_documents/a .coverage .coverage.host.1 htmlcov/index.html
.mypy_cache/x .pytest_cache/x .ruff_cache/x .tox/x .nox/x .hypothesis/x .idea/x .vscode/x .a.py.swp
mlruns/0/meta.yaml mlartifacts/0/x mlflow.db wandb/run-20260101_000000-a/files/x wandb/latest-run
wandb/offline-run-1/x wandb/debug-internal.log lightning_logs/version_0/x .neptune/x .aim/x
.dvc/cache/files/md5/0 .dvc/tmp/lock .dvc/config.local node_modules/x/index.js .terraform/x
.env .env.production .envrc prod.env .netrc _netrc .pypirc pip.conf .pip/pip.conf auth.toml
.config/pypoetry/auth.toml poetry.toml .ssh/config id_rsa id_ed25519 id_ecdsa.pub server.pem
server.key key.p12 key.p8 key.pfx key.ppk store.jks .aws/credentials .azure/msal .kube/config
kubeconfig prod.kubeconfig .config/gcloud/credentials.db application_default_credentials.json
gha-creds-0123.json client_secret_1.json service-account.json service_account_key.json .boto
.docker/config.json .dockercfg .npmrc .yarnrc.yml terraform.tfstate terraform.tfstate.backup
prod.tfvars prod.auto.tfvars.json .terraformrc .streamlit/secrets.toml .secrets.toml .pgpass
.my.cnf .git-credentials .gitconfig .gnupg/x .htpasswd .kaggle/kaggle.json kaggle.json .s3cfg
.databrickscfg .vault-token .huggingface/token rclone.conf .cargo/credentials.toml
"""
KEPT = (
    "__init__.py",
    "env/__init__.py",
    "venv/lib/core.py",
    "wandb/__init__.py",
    "environment.py",
    "lib/a.py",
    "bin/run.py",
    "model.pkl",
    ".streamlit/config.toml",
    ".dvc/config",
)
STAGES = ("fti/pylock.toml", "fti/training/requirements.txt", "fti/training/.venv/x", "fti/x")
TREE = LockedPackage(
    name=canonicalize_name("shared"),
    version=Version("2.0"),
    origin=DirectoryOrigin(PurePosixPath("libs/shared")),
)


def planted() -> Iterator[str]:
    for name in PLANTED.split():
        for environment in ("x", "venv", "env") if "@" in name else ("",):
            yield name.replace("@", environment)


@pytest.mark.parametrize("kind", ["packages", "whole", "wheel"])
def test_what_is_ignored_never_reaches_the_build(
    project: Project, tmp_path: Path, kind: str
) -> None:
    for folder in ("", "src/credit/", "src/credit/deep/", "libs/shared/"):
        for name in planted():
            project.write(f"{folder}{name}", "planted")
        for name in KEPT:
            project.write(f"{folder}{name}", "kept")
    for name in STAGES:
        project.write(name, "planted")
    image = Image(code="wheel" if kind == "wheel" else "copy")
    code = Code(
        packages=(PurePosixPath("src/credit"),),
        roots=(PurePosixPath("src"),),
        sources=(PurePosixPath("model.pkl"),),
    )
    locked = replace(stage(TREE, image=image), code=Code() if kind == "whole" else code)
    ignore = dockerfile.files(locked)["Dockerfile.dockerignore"]
    project.write("fti/inference/Dockerfile.dockerignore", ignore)
    project.write("fti/inference/requirements.txt", "kept")
    path = project.write("fti/inference/Dockerfile", "FROM scratch\nCOPY . /\n")

    seen = tmp_path / "seen"
    docker("build", "-f", path, f"--output=type=local,dest={seen}", project.root)

    folders = ["src/credit/", "src/credit/deep/", "libs/shared/"]
    kept = {f"{folder}{name}" for folder in folders for name in KEPT}
    kept |= {"whole": set(KEPT), "wheel": {"model.pkl"}, "packages": set()}[kind]
    files = {p.relative_to(seen).as_posix() for p in seen.rglob("*") if p.is_file()}
    assert files == kept | {"fti/inference/requirements.txt"}


def test_what_is_named_reaches_the_build_all_the_same(project: Project) -> None:
    model = PurePosixPath("mlruns/1/a/artifacts/model")
    project.write(f"{model}/net.bin", "net")
    project.write(f"{model}/.env", "planted")
    project.write("mlruns/1/other", "planted")
    project.write("src/credit/mlruns/x", "planted")
    project.write("src/credit/fti/training/requirements.txt", "planted")
    image = Image(copy=((model, PurePosixPath("model")),))

    project.build(replace(stage(image=image), folder=PurePosixPath("src/credit/fti/inference")))

    assert project.report()["files"] == [
        "/app/model/net.bin",
        "/app/src/credit/__init__.py",
        "/app/src/credit/fti/inference/requirements.txt",
    ]


def add_tree(project: Project, folder: str, name: str) -> None:
    headers = Artifact(name=name, version="2.0").metadata
    text = "".join(f"{key}: {value}\n" for key, value in headers)
    backend = Path(in_tree_backend.__file__).read_text(encoding="utf-8")
    project.write(f"{folder}/PKG-INFO", text)
    project.write(f"{folder}/in_tree_backend.py", backend)
    project.write(
        f"{folder}/pyproject.toml",
        '[build-system]\nrequires = []\nbuild-backend = "in_tree_backend"\nbackend-path = ["."]\n',
    )
    project.write(f"{folder}/{name}/__init__.py", "VALUE = 'old'\n")


# pip before version 26 can't be told of an archive by such a path, only of a tree.
@pytest.mark.parametrize(
    ("installer", "archives", "trees"), [("uv", ODD, ODD), ("pip", "libs", ODD)]
)
def test_local_archives_and_trees_are_installed(
    project: Project, built_artifacts: Path, installer: Installer, archives: str, trees: str
) -> None:
    wheel = built_artifacts / "alpha-2.0-py3-none-any.whl"
    archive = PurePosixPath(archives, wheel.name)
    project.write(str(archive), wheel.read_bytes())
    add_tree(project, f"{trees}/ü", "shared")
    locked = stage(
        package("alpha", "2.0", FileOrigin(archive), wheel),
        package("shared", "2.0", DirectoryOrigin(PurePosixPath(trees, "ü"), editable=True)),
        image=Image(installer=installer),
    )

    project.build(locked)
    assert project.report()["packages"] == {"alpha": "2.0", "shared": "2.0"}

    project.write(f"{trees}/ü/shared/__init__.py", "VALUE = 'new'\n")
    project.build(locked)
    assert project.run("python", "-c", "import shared; print(shared.VALUE)") == "new\n"


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A git repository on a loopback port, and the commit that is not its newest."""
    work = tmp_path / "repository"
    made = Project(work, "", "")
    add_tree(made, "python", "tracked")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        **{f"GIT_{who}_{what}": "x@y.z" for who in PEOPLE for what in ("NAME", "EMAIL")},
    }

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=work, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q")
    for message in ("one", "two"):
        made.write("python/message", message)
        git("add", ".")
        git("commit", "-q", "-m", message)
    git("update-server-info")
    with served(work) as address:
        yield f"http://name:pass@{address}/.git", git("rev-parse", "HEAD~1")


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_commit_of_a_git_repository_is_installed_beside_debian_packages(
    project: Project, repository: tuple[str, str], installer: Installer
) -> None:
    url, commit = repository
    origin = GitOrigin(url, commit, "main", "python")

    image = Image(installer=installer, apt=("libgomp1", "tini"))
    project.build(stage(package("tracked", "2.0", origin), image=image))

    assert project.report()["packages"] == {"tracked": "2.0"}
    system = project.run("sh", "-c", "command -v git; command -v tini; ls /var/lib/apt/lists")
    assert system == "/usr/bin/tini\n"
    origin_file = "next(pathlib.Path('/opt/venv').rglob('direct_url.json')).read_text()"
    assert commit in project.run("python", "-c", f"import pathlib; print({origin_file})")


VALUES = st.text(
    st.one_of(
        st.sampled_from(" \t\r\"'\\$`#{}=,<>|&;!*?[]~%\u00a0\u2028\ufeffüλ🐍"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0\n"),
    ),
    max_size=30,
)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    values=st.lists(VALUES, min_size=1, max_size=60),
    words=st.lists(VALUES | st.just("line\nbreak"), min_size=1, max_size=20),
)
def test_the_engine_reads_back_every_value(
    project: Project, values: list[str], words: list[str]
) -> None:
    named = {f"V{number}": value for number, value in enumerate(values)}
    pairs = {name: quoted(value, name) for name, value in named.items()}
    instructions = (
        "FROM scratch",
        assignments("ENV", pairs),
        assignments("LABEL", pairs),
        f"CMD {exec_form(words, 'command')}",
    )
    path = project.write("Dockerfile", "\n\n".join(instructions) + "\n")

    project.forget()
    docker("build", "-f", path, "-t", project.tag, project.root / "src")

    config = project.config()["Config"]
    assert config["Labels"] == named
    assert config["Env"][-len(named) :] == [f"{name}={value}" for name, value in named.items()]
    assert config["Cmd"] == words
