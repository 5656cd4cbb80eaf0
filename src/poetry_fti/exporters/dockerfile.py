"""A Dockerfile for a stage, and what its build may see of the project."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters.docker import ignore
from poetry_fti.exporters.docker.base_image import base_image, is_alpine
from poetry_fti.exporters.docker.builder import builder
from poetry_fti.exporters.docker.quoting import assignments, copy, exec_form, quoted
from poetry_fti.exporters.docker.sources import needs_credentials, uses_ssh
from poetry_fti.exporters.header import header
from poetry_fti.model import Image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.model import LockedStage

NEEDS_URLS: Final = False

_USER: Final = 10001


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return Dockerfile and Dockerfile.dockerignore; nothing for a stage without Linux.

    Raises FtiError where no image can be made of the stage as it is configured.
    """
    platforms = locked.stage.targets.platforms
    if platforms and not any(platform.os == "linux" for platform in platforms):
        if locked.stage.image == Image():
            return {}
        message = f'The stage "{locked.stage.name}" has an image, but no Linux among its platforms.'
        raise FtiError(f"{message} Add linux/amd64 or linux/arm64, or remove the image table.")
    steps = (_head, _base, builder, _runtime, _contents, _settings)
    text = "\n\n".join(block for step in steps for block in step(locked))
    return {"Dockerfile": f"{text}\n", "Dockerfile.dockerignore": ignore.render(locked)}


def _head(locked: LockedStage) -> Iterator[str]:
    lines = [
        "# syntax=docker/dockerfile:1",
        header(locked),
        f"# Build in the project's root: {_build_command(locked)}",
    ]
    if needs_credentials(locked):
        lines.append("# With credentials: add --secret id=netrc,src=$HOME/.netrc")
    if uses_ssh(locked):
        lines.append("# With the keys of your ssh-agent: add --ssh default")
    yield "\n".join(lines)


def _build_command(locked: LockedStage) -> str:
    words = ["docker", "build"]
    linux = [platform for platform in locked.stage.targets.platforms if platform.os == "linux"]
    if len(linux) == 1:  # an image for another processor would lack what the lock holds
        words += ["--platform", str(linux[0])]
    return shlex.join([*words, "-f", str(locked.folder / "Dockerfile"), "."])


def _base(locked: LockedStage) -> Iterator[str]:
    base = base_image(locked)
    yield f"FROM {base} AS base"
    if locked.stage.image.apt:
        yield _apt(locked.stage.image.apt)


def _apt(packages: tuple[str, ...]) -> str:
    lines = [
        "RUN apt-get update \\",
        "    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \\",
        *(f"        {package} \\" for package in sorted(packages)),
        "    && rm -rf /var/lib/apt/lists/*",
    ]
    if not all("=" in package for package in packages):
        reason = "# A Debian release offers one version of a package: there is none to choose."
        lines = [reason, "# hadolint ignore=DL3008", *lines]
    return "\n".join(lines)


def _runtime(locked: LockedStage) -> Iterator[str]:
    yield "FROM base"
    if is_alpine(base_image(locked)):
        yield f"RUN addgroup -g {_USER} app \\\n    && adduser -D -u {_USER} -G app app"
    else:
        yield (
            f"RUN groupadd --gid {_USER} app \\\n"
            f"    && useradd --no-log-init --create-home --uid {_USER} --gid {_USER} app"
        )
    yield "WORKDIR /app"


def _contents(locked: LockedStage) -> Iterator[str]:
    yield "COPY --link --from=builder /opt/venv /opt/venv"
    packages = ignore.own_packages(locked)
    if packages:
        yield "\n".join(copy(path, f"/app/{path}") for path in packages)
    else:
        yield "COPY --link . /app"


def _settings(locked: LockedStage) -> Iterator[str]:
    yield assignments("ENV", _environment(locked))
    yield assignments("LABEL", _labels(locked))
    yield f"USER {_USER}"
    command = locked.stage.image.command
    if command:
        yield f"CMD {exec_form(command, _what('command', locked))}"


def _environment(locked: LockedStage) -> Mapping[str, str]:
    stage = locked.stage
    own = {
        "PATH": '"/opt/venv/bin:$PATH"',
        # The user can't write beside the code, so there is no use in trying at each start.
        "PYTHONDONTWRITEBYTECODE": '"1"',
        "PYTHONPATH": quoted(_python_path(locked), _what("source folder", locked)),
        "PYTHONUNBUFFERED": '"1"',
        "VIRTUAL_ENV": '"/opt/venv"',
    }
    given = {
        name: quoted(value, _what(f"variable {name}", locked))
        for name, value in dict((*stage.env, *stage.image.env)).items()
    }
    return dict(sorted({**own, **given}.items()))


def _python_path(locked: LockedStage) -> str:
    roots = locked.code.roots if ignore.own_packages(locked) else ()
    return ":".join(f"/app/{root}".removesuffix("/.") for root in roots) or "/app"


def _labels(locked: LockedStage) -> Mapping[str, str]:
    labels = {
        "org.opencontainers.image.title": locked.stage.name,
        "poetry-fti.kind": locked.stage.kind,
        "poetry-fti.lock": locked.digest,
        "poetry-fti.stage": locked.stage.name,
    }
    return {name: quoted(text, _what(f"label {name}", locked)) for name, text in labels.items()}


def _what(thing: str, locked: LockedStage) -> str:
    return f'The {thing} of the stage "{locked.stage.name}"'
