"""`poetry fti verify image:NAME`, with a fake container engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import pytest

from installed import install, virtual_environment
from memory_commands import Ended, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from memory_index import MemoryProject

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the engine is a shell script"),
]

IMAGE: Final = "image:credit:1"
NOTHING: Final = Ended(0, "1 check run: nothing found.\n")
ENGINE: Final = """\
#!/bin/sh
echo "$*" >> {log}
case "$*" in
"version --format"*) echo '{{"host": {{"os": "linux", "arch": "amd64"}}}}' ;;
"image inspect credit:1") cat {folder}/image.json ;;
"create --pull=never credit:1 /never-started") echo 12ab ;;
"export 12ab") cat {folder}/image.tar ;;
"rm 12ab") ;;
*) echo "mute" >&2; exit 1 ;;
esac
"""


@dataclass(frozen=True)
class FakeImage:
    """An image, whose files are below `root`, and a fake engine that has it."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def site(self, python: str = "3.12.1") -> Path:
        """Write an environment into the image; return its folder of packages."""
        site = virtual_environment(self.root / "opt/venv", python)
        (self.root / "opt/venv/bin").mkdir()
        (self.root / "opt/venv/bin/python").symlink_to("/usr/bin/python3")
        return site

    def write(self, labels: Mapping[str, str], arch: str = "amd64") -> None:
        """Write what the engine returns: settings with these labels, and the files."""
        config = {"Labels": labels, "Env": ["PATH=/opt/venv/bin:/usr/bin"]}
        data = [{"Os": "linux", "Architecture": arch, "Config": config}]
        (self.folder / "image.json").write_text(json.dumps(data), encoding="utf-8")
        with tarfile.open(self.folder / "image.tar", "w") as archive:
            archive.add(self.root, ".")

    def calls(self) -> list[str]:
        return (self.folder / "log").read_text(encoding="utf-8").splitlines()


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeImage:
    folder = tmp_path / "engine"
    (folder / "bin").mkdir(parents=True)
    (folder / "root").mkdir()
    docker = folder / "bin/docker"
    docker.write_text(ENGINE.format(folder=folder, log=folder / "log"), encoding="utf-8")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(docker.parent), "/usr/bin", "/bin"]))
    return FakeImage(folder)


def test_an_image_as_it_is_locked(locked_demo: MemoryProject, image: FakeImage) -> None:
    site = image.site()
    install(site, "mid", "1.0")
    install(site, "lib", "1.0")
    image.write({"poetry-fti.stage": "training"})
    assert run(locked_demo, "verify", IMAGE) == NOTHING
    assert image.calls()[-3:] == [
        "create --pull=never credit:1 /never-started",
        "export 12ab",
        "rm 12ab",
    ]


def test_what_differs_is_reported(locked_demo: MemoryProject, image: FakeImage) -> None:
    site = image.site("3.11.2")
    install(site, "app", "1.0")
    install(site, "lib", "2.0")
    install(site, "extra", "1")
    image.write({"poetry-fti.stage": "inference", "poetry-fti.lock": f"sha256:{'0' * 64}"})
    ended = run(locked_demo, "verify", IMAGE)
    own = ended.output.partition("poetry.lock (")[2].partition(")")[0]
    build = "    Build the image again with `poetry fti build inference`.\n"
    assert own.startswith("sha256:")
    assert ended == Ended(
        3,
        "inference\n"
        "  warning credit:1 was built from the lock sha256:000000000000, not from"
        f" fti/inference/poetry.lock ({own}) [image]\n{build}"
        "  error credit:1 has Python 3.11.2, but inference requires >=3.12 [image]\n"
        "    Build the image again with `poetry fti build inference --force`.\n"
        f"  warning extra 1 is installed in credit:1, but not locked [image]\n{build}"
        f"  error lib 2.0 is installed in credit:1, not 1.0 [image]\n{build}"
        f"  error mid 1.0 is locked, but not installed in credit:1 [image]\n{build}\n"
        "1 check run: 3 errors, 2 warnings.\n",
    )


def test_the_commit_of_another_lock_is_named(locked_demo: MemoryProject, image: FakeImage) -> None:
    lock = locked_demo.root / "fti/training/poetry.lock"
    text = lock.read_text(encoding="utf-8")
    labels = {"poetry-fti.stage": "training"}
    labels["poetry-fti.lock"] = f"sha256:{sha256(text.encode()).hexdigest()}"
    site = image.site()
    install(site, "mid", "1.0")
    install(site, "lib", "1.0")
    image.write(labels)

    def git(*words: str) -> str:
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        command = ["git", *identity, "-c", "core.autocrlf=false", *words]
        return subprocess.run(
            command, cwd=locked_demo.root, capture_output=True, text=True, check=True
        ).stdout

    git("init", "--quiet")
    lock.write_text(f"# Another version of Poetry\n{text}", encoding="utf-8")
    git("commit", "--allow-empty", "--quiet", "--message", "empty")
    assert "    no commit contains that lock\n" in run(locked_demo, "verify", IMAGE).output
    lock.write_text(text, encoding="utf-8")
    git("add", "fti")
    git("commit", "--quiet", "--message", "x")
    assert run(locked_demo, "verify", IMAGE) == NOTHING
    lock.write_text(f"# Another version of Poetry\n{text}", encoding="utf-8")
    commit = git("rev-parse", "HEAD")[:12]
    assert f"    that lock is in commit {commit}\n" in run(locked_demo, "verify", IMAGE).output


def test_the_stage_is_that_of_the_label_or_the_option(
    locked_demo: MemoryProject, image: FakeImage
) -> None:
    install(image.site(), "app", "1.0")
    image.write({})
    assert run(locked_demo, "verify", IMAGE) == Ended(
        1, "", 'The image "credit:1" has no label poetry-fti.stage. Name its stage: --stage.\n'
    )
    ended = run(locked_demo, "verify", IMAGE, "--stage", "feature")
    assert ended.code == 3
    assert "lib 1.0 is locked, but not installed in credit:1" in ended.output


def test_an_image_of_another_stage_is_a_warning(
    locked_demo: MemoryProject, image: FakeImage
) -> None:
    site = image.site()
    install(site, "mid", "1.0")
    install(site, "lib", "1.0")
    image.write({"poetry-fti.stage": "feature", "poetry-fti.lock": f"sha256:{'0' * 64}"})
    assert run(locked_demo, "verify", IMAGE, "--stage", "training") == Ended(
        0,
        "training\n"
        "  warning credit:1 was built for the stage feature, not for training [image]\n"
        "    Build the image again with `poetry fti build training`.\n\n"
        "1 check run: 0 errors, 1 warning.\n",
    )


def test_a_python_of_the_base_image_may_have_other_packages(
    locked_demo: MemoryProject, image: FakeImage
) -> None:
    site = image.site()
    for name, version in (("mid", "1.0"), ("lib", "1.0"), ("extra", "1"), ("extra", "2")):
        install(site, name, version)
    (image.root / "opt/venv/pyvenv.cfg").unlink()
    python = image.root / "opt/venv/bin/python3"
    python.symlink_to("python3.12")
    image.write({"poetry-fti.stage": "training"})
    assert run(locked_demo, "verify", IMAGE) == NOTHING


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("image:other",), 1, 'docker has no image "other". Build it with `poetry fti build`'),
        (("image:--all",), 1, 'docker has no image "--all".'),
        (("image:",), 2, '"image:" cannot be verified. Pass the path of a model, "environment" or'),
        ((IMAGE, "--deep"), 2, '--deep only applies to "environment".'),
        ((IMAGE,), 1, 'The files of the image "credit:1" cannot be read: '),
    ],
)
def test_errors(
    locked_demo: MemoryProject,
    image: FakeImage,
    words: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    image.write({"poetry-fti.stage": "training"})
    (image.folder / "image.tar").write_bytes(b"")
    ended = run(locked_demo, "verify", *words)
    assert (ended.code, ended.output) == (code, "")
    assert message in ended.errors


def test_an_unknown_architecture_is_an_error(locked_demo: MemoryProject, image: FakeImage) -> None:
    image.site()
    image.write({"poetry-fti.stage": "training"}, arch="386")
    message = "The image is built for linux/386, which no stage can be locked for.\n"
    assert run(locked_demo, "verify", IMAGE) == Ended(1, "", message)
