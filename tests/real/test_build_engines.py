"""`poetry fti build` with fake container engines, for cases that a real one does not show."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from git_program import commit_all, git
from loopback.index import CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness import Poetry, Result
    from loopback.index import LoopbackIndex

pytestmark = [
    pytest.mark.newest_only,
    pytest.mark.skipif(sys.platform == "win32", reason="the engines are shell scripts"),
]

USER, PASSWORD = CREDENTIALS
PYPROJECT = """\
[project]
name = "credit"
requires-python = ">=3.12,<3.13"

[dependency-groups]
feature = []
training = []
inference = ["corp-metrics"]

[tool.poetry]
package-mode = false

[tool.poetry.group.inference.dependencies]
corp-metrics = {{ version = "*", source = "guarded" }}

[[tool.poetry.source]]
name = "guarded"
url = "{url}guarded/simple/"
priority = "explicit"

[tool.fti.stages.feature]
platforms = ["macos/arm64"]
[tool.fti.stages.training]
platforms = ["linux/arm64"]
[tool.fti.stages.training.image]
base = "python:3.12-slim"
[tool.fti.stages.inference]
platforms = ["linux/amd64", "linux/arm64"]
"""
ENGINE = """\
#!/bin/sh
case "$1 $2" in
"info --format" | "version --format") echo '{{"host": {{"os": "linux", "arch": "{arch}"}}}}' ;;
"build -f") echo "$0 $*" >> {log}; {build} ;;
push*) echo "$0 $*" >> {log} ;;
pull*) {pull} ;;
"image inspect") echo '[{{"Config": {{"Labels": {{"poetry-fti.inputs": "{inputs}"}}}}}}]' ;;
*) echo "mute" >&2; exit 1 ;;
esac
"""
# Notes what a secret is, and what is in it.
NOTE = 'for word; do case "$word" in id=netrc,src=*) read -r line < "${word#*src=}";\
 echo "$line" >> %s;; esac; done'


@dataclass(frozen=True)
class FakeEngines:
    """A project with a private package, and a PATH with fake engines only."""

    root: Path
    bin: Path
    poetry: Poetry

    @property
    def log(self) -> Path:
        return self.bin / "log"

    def engine(
        self, program: str, *, arch: str = "amd64", build: str = ":", inputs: str = ""
    ) -> None:
        """Write an engine; a registry has images of these inputs only."""
        script = self.bin / program
        pull = ":" if inputs else "exit 125"
        text = ENGINE.format(arch=arch, log=self.log, build=build, pull=pull, inputs=inputs)
        script.write_text(text)
        script.chmod(0o755)

    def build(self, *words: str) -> Result:
        return self.poetry(self.root, "fti", "build", *words)

    def refusal(self, *words: str) -> tuple[int, str]:
        result = self.build(*words)
        return result.code, result.errors.strip()


@pytest.fixture
def engines(tmp_path: Path, poetry: Poetry, loopback_index: LoopbackIndex) -> FakeEngines:
    root, empty = tmp_path / "project", tmp_path / "bin"
    root.mkdir()
    empty.mkdir()
    (root / "pyproject.toml").write_text(PYPROJECT.format(url=loopback_index.url))
    environment = {
        **poetry.environment,
        "PATH": str(empty),
        "POETRY_HTTP_BASIC_GUARDED_USERNAME": USER,
        "POETRY_HTTP_BASIC_GUARDED_PASSWORD": PASSWORD,
    }
    environment.pop("NETRC", None)
    engines = FakeEngines(root, empty, replace(poetry, environment=environment))
    engines.poetry.ok(root, "fti", "lock")
    return engines


def test_without_an_engine_it_says_what_to_install(engines: FakeEngines) -> None:
    message = "No container engine is on PATH. Install Docker with buildx, Podman or Buildah."
    assert engines.refusal() == (1, message)
    (engines.bin / "docker").write_text('#!/bin/sh\necho "Cannot connect." >&2; exit 1\n')
    (engines.bin / "docker").chmod(0o755)
    message = (
        "docker does not answer: Cannot connect.\nStart the engine, and run the command again."
    )
    assert engines.refusal() == (1, message)


def test_podman_builds_one_after_the_other(engines: FakeEngines) -> None:
    engines.engine("docker", arch="")
    (engines.bin / "docker").write_text("#!/bin/sh\nexit 1\n")
    engines.engine("podman", build=NOTE % engines.log)

    result = engines.build("--platform", "linux/arm64", "--push")

    assert result.code == 0, result.errors
    assert PASSWORD not in result.output + result.errors
    assert result.output.splitlines()[-2].startswith("training: pushed credit-training:inputs-")
    built, pushed, private, secret, last = engines.log.read_text().splitlines()
    assert "-f fti/training/Dockerfile" in built
    assert built.endswith(" --platform linux/arm64 .")
    assert pushed.split()[1:] == ["push", built.split(" -t ")[1].split()[0]]
    assert " --secret id=netrc,src=" in private
    assert secret == f"machine 127.0.0.1 login {USER} password {PASSWORD}"
    assert " push credit-inference:inputs-" in last
    netrc = private.split("src=")[1].split()[0]
    assert not os.path.lexists(netrc)

    (tag,) = (word for word in built.split() if word.startswith("credit-training:"))
    inputs = built.split(" --label poetry-fti.inputs=")[1].split()[0]
    assert tag == f"credit-training:inputs-{inputs.removeprefix('sha256:')[:12]}"
    before = engines.log.read_text()
    engines.engine("podman", inputs=inputs)
    again = engines.build("training", "--platform", "linux/arm64", "--push", "--force")
    assert (again.code, again.output) == (0, f"training: already there ({tag})\n")
    assert engines.log.read_text() == before


def test_packages_without_a_license_are_named(engines: FakeEngines) -> None:
    engines.engine("podman")
    result = engines.build("inference", "--sbom")
    assert result.code == 0, result.errors
    assert result.errors == (
        "Warning: 2 packages have no license in the SBOM: none declared (alpha and corp-metrics).\n"
    )


def test_only_images_that_a_change_affects_are_built(engines: FakeEngines) -> None:
    (engines.bin / "git").symlink_to(shutil.which("git") or "")
    git(engines.root, "init", "--quiet")
    commit_all(engines.root)
    none = "The changes since HEAD affect no image.\n"
    result = engines.build("--since", "HEAD")  # without an engine
    assert (result.code, result.output) == (0, none)
    engines.engine("podman")
    for stage in ("feature", "inference"):  # `feature` has no image
        (engines.root / f"fti/{stage}/notes.txt").write_text("new")
    result = engines.build("training", "--since", "HEAD")
    assert (result.code, result.output) == (0, none)
    result = engines.build("--since", "HEAD")
    assert result.code == 0, result.errors
    (built,) = engines.log.read_text().splitlines()
    assert "-f fti/inference/Dockerfile" in built


def test_an_engine_that_fails_is_an_error(engines: FakeEngines) -> None:
    engines.engine("podman", build='echo "no space" >&2; exit 125')
    message = "`podman build` failed (exit code 125). See its output above."
    assert engines.refusal("inference") == (1, f"no space\n{message}")


def test_platforms_that_do_not_fit_are_refused(engines: FakeEngines) -> None:
    engines.engine("podman")
    assert engines.refusal("--platform", "linux/arm") == (
        2,
        (
            'Unknown platform "linux/arm"; did you mean "linux/arm64"?'
            " (images run on: linux/amd64, linux/arm64, linux/ppc64le, linux/s390x, linux/riscv64)."
        ),
    )
    assert engines.refusal("--platform", "linux/amd64") == (
        2,
        (
            'The stage "training" does not run on linux/amd64, only on linux/arm64.'
            " Add it to tool.fti.stages.training.platforms, and lock it again."
        ),
    )
    assert engines.refusal("training") == (
        1,
        (
            'The stage "training" runs on linux/arm64, the engine on linux/amd64.'
            " Pass a --platform that the engine can emulate."
        ),
    )
    assert engines.refusal("inference", "--push") == (
        1,
        (
            "podman without buildx builds for one platform at a time, not for linux/amd64,"
            " linux/arm64. Select one with --platform."
        ),
    )
    assert engines.refusal("feature") == (
        1,
        (
            'The stage "feature" has no image: none of its platforms is Linux.'
            " Add linux/amd64 or linux/arm64, and lock it again."
        ),
    )
    assert not (engines.root / "fti" / "inference" / "Dockerfile").exists()


def test_the_locks_of_the_built_stages_have_to_be_fresh(engines: FakeEngines) -> None:
    engines.engine("podman")
    (engines.root / "fti" / "training" / "poetry.lock").unlink()
    message = "fti/training/poetry.lock is missing. Run `poetry fti lock training`."
    assert engines.refusal() == (1, message)
    result = engines.build("inference", "--platform", "linux/amd64")
    assert (result.code, result.errors) == (0, "")
    assert "inference: built credit-inference:inputs-" in result.output


@pytest.mark.parametrize(
    ("number", "send", "code"),
    [(signal.SIGINT, os.killpg, 130), (signal.SIGTERM, os.kill, 143)],
    ids=["terminal", "supervisor"],
)
def test_an_interrupt_leaves_no_secret(
    engines: FakeEngines,
    tmp_path: Path,
    number: signal.Signals,
    send: Callable[[int, int], None],
    code: int,
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    engines.engine("podman", build="exec /bin/sleep 60")
    environment = {**engines.poetry.environment, "TMPDIR": str(temporary)}
    process = subprocess.Popen(
        [*engines.poetry.command, "fti", "build", "inference"],
        cwd=engines.root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    for _ in range(600):
        if engines.log.exists():
            break
        time.sleep(0.1)
    assert PASSWORD in next(temporary.rglob("netrc")).read_text()

    send(process.pid, number)
    _, errors = process.communicate(timeout=30)

    assert process.returncode == code, errors
    assert list(temporary.iterdir()) == []
